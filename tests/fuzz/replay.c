/* replay.c -- feeds the files of some folders to a fuzz target, so that every input a fuzzer ever
 * found worth keeping is a plain test of every build. Fails when there was nothing to feed.
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Feed one file from a heap block of exactly its size, so that a sanitizer sees every overrun. */
static int feed(const char *path)
{
    FILE *f = fopen(path, "rb");
    long n = -1;
    uint8_t *p = NULL;

    if (f && !fseek(f, 0, SEEK_END) && (n = ftell(f)) >= 0 && !fseek(f, 0, SEEK_SET))
        p = malloc(n ? (size_t)n : 1);
    const int ok = p && fread(p, 1, (size_t)n, f) == (size_t)n;
    if (ok)
        LLVMFuzzerTestOneInput(p, (size_t)n);
    else
        perror(path);
    free(p);
    if (f)
        fclose(f);
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    int fed = 0;

    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        if (!dir) {
            perror(argv[i]);
            return 1;
        }
        for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
            if (e->d_name[0] == '.')
                continue;
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
            if (feed(path))
                return 1;
            fed++;
        }
        closedir(dir);
    }
    printf("%d inputs\n", fed);
    return fed == 0;
}
