/* say.c -- words and numbers for people.
 *
 * Messages go to stderr, one line each; numbers are written into buffers of the caller. Relies on
 * nothing but the C library and POSIX; promises never to fail.
 */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE /* struct winsize */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "cmd.h"

static void say_line(const char *before, const char *fmt, va_list args)
{
    fflush(stdout); /* results come before the words about them */
    fputs(before, stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
}

void say(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say_line("", fmt, args);
    va_end(args);
}

void say_unless_quiet(const opts *o, const char *fmt, ...)
{
    if (o->quiet)
        return;
    va_list args;
    va_start(args, fmt);
    say_line("", fmt, args);
    va_end(args);
}

void say_note(void *ctx, const char *sentence)
{
    say_unless_quiet(ctx, "note: %s", sentence);
}

int say_failure(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say_line("recur: ", fmt, args);
    va_end(args);
    return EXIT_FAILED;
}

int say_misuse(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say_line("recur: ", fmt, args);
    va_end(args);
    return EXIT_MISUSED;
}

void say_hint(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say_line("hint: ", fmt, args);
    va_end(args);
}

int say_if_stream(const opts *o, const char *option)
{
    if (strcmp(opts_text(o, option), "-") != 0)
        return OPT_GO_ON;
    return say_misuse("'recur %s' writes a file, --%s cannot be '-'", o->command->name, option);
}

int say_if_there(const opts *o, const char *option)
{
    const char *path = opts_text(o, option);
    if (access(path, F_OK) != 0 || opts_flag(o, "force"))
        return OPT_GO_ON;
    say_failure("'%s' is there already", path);
    say_hint("pass --force to write over it");
    return EXIT_FAILED;
}

int say_library_failure(void)
{
    say_failure("%s", rc_error_message());
    if (rc_error_hint()[0])
        say_hint("%s", rc_error_hint());
    return EXIT_FAILED;
}

int say_library_misuse(rc_status status)
{
    say_library_failure();
    return status == RC_EINVAL ? EXIT_MISUSED : EXIT_FAILED;
}

int say_out_of_memory(void)
{
    return say_failure("out of memory");
}

const char *say_count(char out[SAY_ROOM], int64_t n)
{
    char digits[SAY_ROOM / 2];
    const int length = snprintf(digits, sizeof digits, "%" PRId64, n);
    char *to = out;
    for (int i = 0; i < length; i++) {
        *to++ = digits[i];
        const int left = length - 1 - i;
        if (left > 0 && left % 3 == 0 && digits[i] != '-')
            *to++ = ',';
    }
    *to = '\0';
    return out;
}

const char *say_short(char out[SAY_ROOM], double x)
{
    static const char *const unit[] = {"", "k", "M", "G", "T"};
    size_t i = 0;
    while (i < 4 && fabs(x) >= 999.5) {
        x /= 1000;
        i++;
    }
    const int decimals = i == 0 && x == floor(x) ? 0
                         : fabs(x) < 9.995       ? 2
                         : fabs(x) < 99.95       ? 1
                                                 : 0;
    snprintf(out, SAY_ROOM, "%.*f%s", decimals, x, unit[i]);
    return out;
}

const char *say_seconds(char out[SAY_ROOM], double s)
{
    if (!(s < 1e9)) {
        snprintf(out, SAY_ROOM, "long");
        return out;
    }
    const int64_t n = (int64_t)(s + 0.5);
    if (s < 9.95)
        snprintf(out, SAY_ROOM, "%.1fs", s > 0 ? s : 0.0);
    else if (n < 60)
        snprintf(out, SAY_ROOM, "%" PRId64 "s", n);
    else if (n < 3600)
        snprintf(out, SAY_ROOM, "%" PRId64 "m%02" PRId64 "s", n / 60, n % 60);
    else if (n < 86400)
        snprintf(out, SAY_ROOM, "%" PRId64 "h%02" PRId64 "m", n / 3600, n % 3600 / 60);
    else
        snprintf(out, SAY_ROOM, "%" PRId64 "d%02" PRId64 "h", n / 86400, n % 86400 / 3600);
    return out;
}

const char *say_shape(char out[SAY_ROOM], const rc_tensor_info *t)
{
    size_t used = (size_t)snprintf(out, SAY_ROOM, "%s", t->rank == 0 ? "1" : "");
    for (int i = 0; i < t->rank && used < SAY_ROOM; i++)
        used +=
            (size_t)snprintf(out + used, SAY_ROOM - used, "%s%" PRId64, i ? " x " : "", t->dim[i]);
    return out;
}

size_t say_utf8_length(const char *bytes, size_t n)
{
    const unsigned char *u = (const unsigned char *)bytes;
    const size_t want = u[0] < 0x80   ? 1
                        : u[0] < 0xC2 ? 0
                        : u[0] < 0xE0 ? 2
                        : u[0] < 0xF0 ? 3
                        : u[0] < 0xF5 ? 4
                                      : 0;
    if (want == 0 || want > n)
        return 0;
    for (size_t i = 1; i < want; i++)
        if ((u[i] & 0xC0) != 0x80)
            return 0;
    const bool overlong = (u[0] == 0xE0 && u[1] < 0xA0) || (u[0] == 0xF0 && u[1] < 0x90);
    const bool surrogate = u[0] == 0xED && u[1] >= 0xA0;
    const bool beyond = u[0] == 0xF4 && u[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : want;
}

const char *say_symbol(char out[SAY_ROOM], const char *bytes, size_t n)
{
    size_t used = 0;
    out[used++] = '\'';
    for (size_t i = 0; i < n;) {
        if (used + 8 > SAY_ROOM) {
            out[used++] = '.';
            out[used++] = '.';
            break;
        }
        const unsigned char b = (unsigned char)bytes[i];
        const size_t length = say_utf8_length(bytes + i, n - i);
        if (b == '\n' || b == '\t' || b == '\r') {
            out[used++] = '\\';
            out[used++] = b == '\n' ? 'n' : b == '\t' ? 't' : 'r';
            i++;
        } else if (length == 0 || b < 0x20 || b == 0x7F) {
            used += (size_t)snprintf(out + used, 5, "\\x%02x", (unsigned)b);
            i++;
        } else {
            memcpy(out + used, bytes + i, length);
            used += length;
            i += length;
        }
    }
    out[used++] = '\'';
    out[used] = '\0';
    return out;
}

double say_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double say_memory(void)
{
    struct rusage r;
    return getrusage(RUSAGE_SELF, &r) == 0 ? 1024 * (double)r.ru_maxrss : nan("");
}

bool say_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value && value[0])
            return strstr(value, "UTF-8") || strstr(value, "utf8") || strstr(value, "utf-8");
    }
    return false;
}

int say_columns(FILE *stream)
{
    const char *columns = getenv("COLUMNS");
    const long said = columns ? strtol(columns, NULL, 10) : 0;
    if (said >= 20 && said <= 10000)
        return (int)said;
    struct winsize w;
    const int fd = fileno(stream);
    if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col >= 20)
        return w.ws_col;
    return 80;
}
