/* trial_record.c -- search.json, or what else plan.words calls the record: what is searched, and on
 * what data, so that nobody goes on with something else.
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

static const char *const path_options[] = {"train", "valid", "test", "vectors"};

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
    int code = OPT_GO_ON;
    *list = json_array();
    for (size_t k = 0; k < sizeof path_options / sizeof *path_options && code == OPT_GO_ON; k++)
        code = add_files(s, path_options[k], list);
    if (code != OPT_GO_ON) {
        json_decref(*list);
        *list = NULL;
    }
    return code;
}

/* Bytes and checksum alone. */
static bool is_same_file(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "bytes"), json_object_get(b, "bytes")) &&
           json_equal(json_object_get(a, "crc"), json_object_get(b, "crc"));
}

static bool is_path_option(const char *name)
{
    for (size_t k = 0; k < sizeof path_options / sizeof *path_options; k++)
        if (strcmp(path_options[k], name) == 0)
            return true;
    return false;
}

static size_t count_paths(const rc_config *c)
{
    size_t n = 0;
    for (size_t k = 0; k < sizeof path_options / sizeof *path_options; k++) {
        const char *text = rc_config_get(c, path_options[k]);
        if (!text || !text[0])
            continue;
        n++;
        for (; *text; text++)
            n += *text == '\n';
    }
    return n;
}

/* Is all data in files, and these in the same order what they were, whatever their names are? */
static bool is_same_data(const trials *s, const json_t *was, const json_t *is)
{
    const size_t n = json_array_size(is);
    if (n == 0 || n != count_paths(s->plan.base) || json_array_size(was) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!is_same_file(json_array_get(was, i), json_array_get(is, i)))
            return false;
    return true;
}

static const json_t *find_file(const json_t *list, const json_t *file)
{
    size_t i;
    json_t *at;
    json_array_foreach(list, i, at)
    {
        if (json_equal(json_object_get(at, "file"), json_object_get(file, "file")))
            return at;
    }
    return NULL;
}

/* The training data must be what it was. A record without it is of an older program. */
static int compare_data(const trials *s, const json_t *was, const json_t *is)
{
    size_t i;
    json_t *file;
    json_array_foreach(was, i, file)
    {
        const json_t *now = find_file(is, file);
        const char *path = json_string_value(json_object_get(file, "file"));
        if (now && is_same_file(file, now))
            continue;
        if (now)
            say_failure("the data of the %s in '%s' has changed: '%s' is not what it was",
                        s->plan.words->all, s->plan.dir, path);
        else
            say_failure("the %s in '%s' has read '%s', which is not there any more",
                        s->plan.words->all, s->plan.dir, path);
        say_hint("give new data another --%s, or bring the old file back", s->plan.words->place);
        return EXIT_FAILED;
    }
    return OPT_GO_ON;
}

int trials_check_data(const opts *o, const trials_words *words)
{
    struct stat st;
    const char *path;
    for (size_t k = 0; k < sizeof path_options / sizeof *path_options; k++)
        for (size_t i = 0; (path = opts_each(o, path_options[k], i)); i++)
            if (strcmp(path, "-") == 0 || (stat(path, &st) == 0 && S_ISFIFO(st.st_mode)))
                return say_misuse("every %s of a %s reads its data, --%s cannot be '%s'",
                                  words->one, words->all, path_options[k], path);
    return OPT_GO_ON;
}

/* ---- the record ----------------------------------------------------------------------------- */

static json_t *describe(const trials *s, json_t *data)
{
    json_t *o = json_copy(s->plan.about);
    json_put(&o, "with-test", json_boolean(s->plan.with_test));
    json_put(&o, "halving", json_integer(s->plan.halving));
    if (s->plan.halving > 0) /* or there may be more of them next time */
        json_put(&o, "trials", json_integer(s->plan.count));
    if (s->plan.alike) /* for who goes on without being told */
        json_put(&o, "runs", json_integer(s->plan.count));
    json_put(&o, "config", json_config(s->plan.base));
    json_put(&o, "data", data);
    return o;
}

/* A word that fits into a message. */
static bool is_short(const json_t *value)
{
    return json_is_string(value) && !strchr(json_string_value(value), '\n');
}

static int refuse_other(const trials *s, const char *what, const json_t *was, const json_t *is)
{
    if (is_short(was) && is_short(is))
        say_failure("'%s' holds another %s: '%s' was '%s' and is '%s'", s->plan.dir,
                    s->plan.words->all, what, json_string_value(was), json_string_value(is));
    else
        say_failure("'%s' holds another %s: '%s' is not what it was", s->plan.dir,
                    s->plan.words->all, what);
    say_hint("give this one another --%s", s->plan.words->place);
    return EXIT_FAILED;
}

/* Without folds it is nothing which one; once it was 1 unless told otherwise. */
static bool says_nothing(const trials *s, const char *option)
{
    const char *folds = rc_config_get(s->plan.base, "folds");
    return strcmp(option, "fold") == 0 && folds && strcmp(folds, "0") == 0;
}

static int compare_config(const trials *s, json_t *was, json_t *is, bool same_data)
{
    const char *key;
    json_t *value;
    json_object_foreach(is, key, value)
    {
        const json_t *before = json_object_get(was, key);
        const bool is_new = !before && rc_config_is_default(s->plan.base, key);
        if (is_new || json_equal(value, before) || (same_data && is_path_option(key)) ||
            says_nothing(s, key))
            continue;
        return refuse_other(s, key, before, value);
    }
    return OPT_GO_ON;
}

static int compare_search(const trials *s, json_t *was, json_t *is)
{
    const char *key;
    json_t *value;
    const json_t *data = json_object_get(was, "data");
    const bool same_data = is_same_data(s, data, json_object_get(is, "data"));
    json_object_foreach(is, key, value)
    {
        if (strcmp(key, "data") == 0 || strcmp(key, "config") == 0 || strcmp(key, "runs") == 0)
            continue;
        if (!json_equal(value, json_object_get(was, key)))
            return refuse_other(s, key, json_object_get(was, key), value);
    }
    const int code =
        compare_config(s, json_object_get(was, "config"), json_object_get(is, "config"), same_data);
    if (code != OPT_GO_ON || same_data)
        return code;
    return compare_data(s, data, json_object_get(is, "data"));
}

/* Is there anything that a trial would write over? */
static bool has_trials(const trials *s)
{
    const char *stem = s->plan.words->stem;
    DIR *d = opendir(s->plan.dir);
    const struct dirent *e;
    bool any = false;
    while (d && !any && (e = readdir(d)))
        any = strncmp(e->d_name, stem, strlen(stem)) == 0;
    if (d)
        closedir(d);
    return any;
}

/* Does anybody train a trial? */
static bool is_at_work(const trials *s)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 0};
    return fcntl(s->lock, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* All at once: half of it would be in the way of the next search. */
static int write_file(const trials *s, const json_t *is, const char *path)
{
    char *text = json_dumps(is, JSON_INDENT(2));
    if (!text)
        return say_out_of_memory();
    const size_t n = strlen(text);
    text[n] = '\n'; /* in place of its 0 */
    const bool done =
        pwrite(s->lock, text, n + 1, 0) == (ssize_t)n + 1 && ftruncate(s->lock, (off_t)n + 1) == 0;
    const int error = errno;
    free(text);
    if (done)
        return OPT_GO_ON;
    (void)!ftruncate(s->lock, 0);
    return say_failure("cannot write '%s': %s", path, strerror(error));
}

static int compare_file(const trials *s, json_t *is, const char *path)
{
    json_error_t error;
    json_t *was = json_loadfd(s->lock, 0, &error);
    int code;
    if (was) {
        code = compare_search(s, was, is);
        if (code == OPT_GO_ON && s->plan.alike && !s->plan.look &&
            json_integer_value(json_object_get(was, "runs")) < s->plan.count)
            code = write_file(s, is, path);
    } else {
        code = say_failure("cannot read '%s': line %d: %s", path, error.line, error.text);
        say_hint("name a new folder by --%s", s->plan.words->place);
    }
    json_decref(was);
    return code;
}

/* See that what is searched is what was searched; where no trial has begun, write it down. */
static int agree(trials *s, json_t *is, const char *path)
{
    struct stat st;
    if (!is)
        return say_out_of_memory();
    if (fstat(s->lock, &st) != 0)
        return say_failure("cannot read '%s': %s", path, strerror(errno));
    const bool begun = has_trials(s) || is_at_work(s);
    if (st.st_size > 0 && begun)
        return compare_file(s, is, path);
    if (s->plan.look)
        return say_failure("there are no %ss in '%s'", s->plan.words->one, s->plan.dir);
    if (begun) {
        say_failure("cannot %s in '%s': it has %ss, but no %s that they are of",
                    s->plan.words->doing, s->plan.dir, s->plan.words->one, s->plan.words->record);
        say_hint("name a new folder by --%s", s->plan.words->place);
        return EXIT_FAILED;
    }
    return write_file(s, is, path);
}

/* A file system without locks is taken at its word. */
bool trials_lock(const trials *s, int64_t byte, int type, bool wait)
{
    struct flock lock = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(s->lock, wait ? F_SETLKW : F_SETLK, &lock) == 0 ||
           (errno != EACCES && errno != EAGAIN);
}

static char *record_path(const trials *s)
{
    const char *record = s->plan.words->record;
    char *path = malloc(strlen(s->plan.dir) + strlen(record) + 2);
    if (path)
        sprintf(path, "%s/%s", s->plan.dir, record);
    return path;
}

void trials_forget(const trials *s)
{
    char *path = s->made && !has_trials(s) && !is_at_work(s) ? record_path(s) : NULL;
    if (path && unlink(path) == 0)
        (void)rmdir(s->plan.dir); /* unless there is something else in it */
    free(path);
}

int trials_record(trials *s)
{
    char *path = record_path(s);
    if (!path)
        return say_out_of_memory();
    int code = OPT_GO_ON;
    if (s->plan.look && (s->lock = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        code = errno == ENOENT
                   ? say_failure("there are no %ss in '%s'", s->plan.words->one, s->plan.dir)
                   : say_failure("cannot read '%s': %s", path, strerror(errno));
    else if (!s->plan.look && !(s->made = mkdir(s->plan.dir, 0777) == 0) && errno != EEXIST)
        code = say_failure("cannot make the folder '%s': %s", s->plan.dir, strerror(errno));
    else if (!s->plan.look && (s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666)) < 0)
        code = say_failure("cannot write '%s': %s", path, strerror(errno));
    json_t *data = NULL;
    if (code == OPT_GO_ON)
        code = describe_data(s, &data);
    if (code == OPT_GO_ON) {
        json_t *is = describe(s, data);
        (void)trials_lock(s, 0, s->plan.look ? F_RDLCK : F_WRLCK, true);
        code = agree(s, is, path);
        (void)trials_lock(s, 0, F_UNLCK, false);
        json_decref(is);
    }
    free(path);
    return code;
}
