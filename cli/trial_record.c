/* trial_record.c -- search.json: what is searched, and on what data, so that nobody goes on with
 * something else.
 *
 * A process locks byte N of it while it trains trial N, so that several can share a search.
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cmd.h"
#include "trials.h"

/* ---- the data ------------------------------------------------------------------------------- */

static int add_file(json_t **list, const char *path)
{
    uint64_t bytes;
    uint32_t crc;
    if (access(path, F_OK) != 0) /* what is made is its name alone */
        return OPT_GO_ON;
    if (rc_file_crc(path, &bytes, &crc) != RC_OK)
        return say_library_failure();
    json_add(list, json_pack("{s:o, s:I, s:I}", "file", json_bytes(path, strlen(path)), "bytes",
                             (json_int_t)bytes, "crc", (json_int_t)crc));
    return OPT_GO_ON;
}

/* The files of one option, one per line of its text: path, bytes and checksum of each. */
static int add_files(const trials *s, const char *option, json_t **list)
{
    const char *text = rc_config_get(s->plan.base, option);
    char *paths = text ? strdup(text) : NULL, *rest = NULL;
    int code = OPT_GO_ON;
    if (!paths)
        return text ? say_out_of_memory() : OPT_GO_ON;
    for (const char *path = strtok_r(paths, "\n", &rest); path && code == OPT_GO_ON;
         path = strtok_r(NULL, "\n", &rest))
        code = add_file(list, path);
    free(paths);
    return code;
}

/* *list is json_decref()'d by whoever takes it; after a failure it is NULL. */
static int describe_data(const trials *s, json_t **list)
{
    static const char *const options[] = {"train", "valid", "test"};
    int code = OPT_GO_ON;
    *list = json_array();
    for (size_t k = 0; k < sizeof options / sizeof *options && code == OPT_GO_ON; k++)
        code = add_files(s, options[k], list);
    if (code != OPT_GO_ON) {
        json_decref(*list);
        *list = NULL;
    }
    return code;
}

/* The training data must be what it was. A record without it is of an older program. */
static int compare_data(const trials *s, const json_t *was, const json_t *is)
{
    size_t i;
    json_t *file;
    json_array_foreach(is, i, file)
    {
        if (!was || json_equal(json_array_get(was, i), file))
            continue;
        say_failure("the data of the search in '%s' has changed: '%s' is not what it was",
                    s->plan.dir, json_string_value(json_object_get(file, "file")));
        say_hint("give the new data another --dir, or bring the old file back");
        return EXIT_FAILED;
    }
    return OPT_GO_ON;
}

/* ---- search.json ---------------------------------------------------------------------------- */

static json_t *describe(const trials *s, json_t *data)
{
    json_t *o = json_copy(s->plan.about);
    json_put(&o, "with-test", json_boolean(s->plan.with_test));
    json_put(&o, "halving", json_integer(s->plan.halving));
    if (s->plan.halving > 0) /* or there may be more of them next time */
        json_put(&o, "trials", json_integer(s->plan.count));
    json_put(&o, "config", json_config(s->plan.base));
    json_put(&o, "data", data);
    return o;
}

static int refuse_other(const trials *s, const char *what)
{
    say_failure("'%s' holds another search: '%s' is not what it was", s->plan.dir, what);
    say_hint("give this one another --dir");
    return EXIT_FAILED;
}

static int compare_search(const trials *s, json_t *was, json_t *is)
{
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(is, "config"), key, value)
    {
        if (!json_equal(value, json_object_get(json_object_get(was, "config"), key)))
            return refuse_other(s, key);
    }
    json_object_foreach(is, key, value)
    {
        if (strcmp(key, "data") != 0 && !json_equal(value, json_object_get(was, key)))
            return refuse_other(s, key);
    }
    return compare_data(s, json_object_get(was, "data"), json_object_get(is, "data"));
}

/* Is there anything that a trial would write over? */
static bool has_trials(const char *dir)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    bool any = false;
    while (d && !any && (e = readdir(d)))
        any = strncmp(e->d_name, "trial-", 6) == 0;
    if (d)
        closedir(d);
    return any;
}

/* Write what is searched into the empty file, or see that it is what is there. */
static int agree(trials *s, json_t *is, const char *path)
{
    struct stat st;
    json_error_t error;
    if (!is)
        return say_out_of_memory();
    if (fstat(s->lock, &st) != 0)
        return say_failure("cannot read '%s': %s", path, strerror(errno));
    if (st.st_size > 0) {
        json_t *was = json_loadfd(s->lock, 0, &error);
        const int code =
            was ? compare_search(s, was, is)
                : say_failure("cannot read '%s': line %d: %s", path, error.line, error.text);
        json_decref(was);
        return code;
    }
    if (has_trials(s->plan.dir)) {
        say_failure("cannot search in '%s': it has trials, but no search.json that they are of",
                    s->plan.dir);
        say_hint("name a new folder by --dir");
        return EXIT_FAILED;
    }
    if (json_dumpfd(is, s->lock, JSON_INDENT(2)) != 0 || write(s->lock, "\n", 1) != 1) {
        (void)!ftruncate(s->lock, 0); /* half of it would be in the way of the next search */
        return say_failure("cannot write '%s'", path);
    }
    return OPT_GO_ON;
}

/* A file system without locks is taken at its word. */
bool trials_lock(const trials *s, int64_t byte, int type, bool wait)
{
    struct flock lock = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(s->lock, wait ? F_SETLKW : F_SETLK, &lock) == 0 ||
           (errno != EACCES && errno != EAGAIN);
}

int trials_record(trials *s)
{
    char *path = malloc(strlen(s->plan.dir) + sizeof "/search.json");
    if (!path)
        return say_out_of_memory();
    sprintf(path, "%s/search.json", s->plan.dir);
    int code = OPT_GO_ON;
    if (mkdir(s->plan.dir, 0777) != 0 && errno != EEXIST)
        code = say_failure("cannot make the folder '%s': %s", s->plan.dir, strerror(errno));
    else if ((s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666)) < 0)
        code = say_failure("cannot write '%s': %s", path, strerror(errno));
    json_t *data = NULL;
    if (code == OPT_GO_ON)
        code = describe_data(s, &data);
    if (code == OPT_GO_ON) {
        json_t *is = describe(s, data);
        (void)trials_lock(s, 0, F_WRLCK, true);
        code = agree(s, is, path);
        (void)trials_lock(s, 0, F_UNLCK, false);
        json_decref(is);
    }
    free(path);
    return code;
}
