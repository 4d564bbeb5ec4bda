/* config.c -- the options of training as fields, as text and as JSON, all from the lines of
 * config.def.
 *
 * A row per option, a set of functions per kind. Every value is checked when it is set and kept as
 * text beside the field, so that reading one never fails and never writes. Names of lists that live
 * on higher floors (optimizers, schedules) are taken as they come and checked there.
 */
#include "model/model_in.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct option;

/* What a kind of option can do. */
struct kind {
    size_t size; /* of the field */
    bool owns;   /* the field is a char * of its own */
    bool adds;   /* setting again adds to what is there */
    /* Check a text and put its value into a field, which starts empty or, if it adds, as it is. */
    rc_status (*set)(const struct option *o, void *field, const char *value);
    rc_status (*show)(const void *field, rcb_buf *out);  /* as text */
    rc_status (*print)(const void *field, rcb_buf *out); /* as JSON */
    rc_status (*read)(rc_config *c, const struct option *o, const json_t *value);
};

struct option {
    rc_option shown;
    const struct kind *kind;
    size_t i;  /* its place in config.def */
    size_t at; /* of the field in rc_config */
};

static const void *field_of(const rc_config *c, const struct option *o)
{
    return (const char *)c + o->at;
}

/* An owned field's text, to be changed. */
static char **text_of(rc_config *c, const struct option *o)
{
    return (char **)(void *)((char *)c + o->at);
}

/* Set the field and its text, or neither. */
static rc_status config_set(rc_config *c, const struct option *o, const char *value)
{
    union {
        int64_t n;
        double x;
        bool yes;
        char *text;
    } fresh = {.text = NULL};
    rcb_buf shown = {0};

    if (o->kind->adds && *text_of(c, o)) {
        fresh.text = rcb_strdup(*text_of(c, o));
        if (!fresh.text)
            return RC_ENOMEM;
    }
    rc_status s = o->kind->set(o, &fresh, value);
    if (s == RC_OK)
        s = rcb_buf_add(&shown, "", 0); /* no text is a text, too */
    if (s == RC_OK)
        s = o->kind->show(&fresh, &shown);
    if (s != RC_OK) {
        if (o->kind->owns)
            rcb_free(fresh.text);
        rcb_buf_free(&shown);
        return s;
    }
    if (o->kind->owns)
        rcb_free(*text_of(c, o));
    memcpy((char *)c + o->at, &fresh, o->kind->size);
    rcb_free(c->shown[o->i]);
    c->shown[o->i] = shown.p;
    return RC_OK;
}

#define CANNOT_SET(o, value, fmt, ...)                                                             \
    RC_FAIL(RC_EINVAL, "cannot set '%s' to '%s': " fmt, (o)->shown.name, (value), __VA_ARGS__)

/* ---- kinds: whole numbers ---------------------------------------------------------------- */

static rc_status int_set(const struct option *o, void *field, const char *value)
{
    char *end;

    errno = 0;
    const long long n = strtoll(value, &end, 10);
    if (end == value || *end || strchr(" \t\n\v\f\r", *value))
        return CANNOT_SET(o, value, "it must be a whole number from %.15g to %.15g", o->shown.lo,
                          o->shown.hi);
    if (errno == ERANGE || (double)n < o->shown.lo || (double)n > o->shown.hi)
        return CANNOT_SET(o, value, "it must be from %.15g to %.15g", o->shown.lo, o->shown.hi);
    *(int64_t *)field = n;
    return RC_OK;
}

static rc_status int_show(const void *field, rcb_buf *out)
{
    return rcb_buf_printf(out, "%" PRId64, *(const int64_t *)field);
}

static rc_status not_a(const struct option *o, const char *what)
{
    return RC_FAIL(RC_EFORMAT, "cannot read the configuration: '%s' is not %s", o->shown.name,
                   what);
}

static rc_status int_read(rc_config *c, const struct option *o, const json_t *value)
{
    char text[32];

    if (!json_is_integer(value))
        return not_a(o, "a whole number");
    (void)snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return config_set(c, o, text);
}

/* ---- kinds: reals ------------------------------------------------------------------------ */

static rc_status real_set(const struct option *o, void *field, const char *value)
{
    const char *end;
    const double x = rcb_real_read(value, &end);

    if (end == value || *end || strchr(" \t\n\v\f\r", *value))
        return CANNOT_SET(o, value, "it must be a number from %.15g to %.15g", o->shown.lo,
                          o->shown.hi);
    if (!(x >= o->shown.lo && x <= o->shown.hi))
        return CANNOT_SET(o, value, "it must be from %.15g to %.15g", o->shown.lo, o->shown.hi);
    *(double *)field = x == 0 ? 0 : x; /* one zero */
    return RC_OK;
}

static rc_status real_show(const void *field, rcb_buf *out)
{
    return rcm_print_real(out, *(const double *)field);
}

static rc_status real_read(rc_config *c, const struct option *o, const json_t *value)
{
    rcb_buf text = {0};

    if (!json_is_number(value))
        return not_a(o, "a number");
    rc_status s = rcb_buf_real(&text, json_number_value(value));
    if (s == RC_OK)
        s = config_set(c, o, text.p);
    rcb_buf_free(&text);
    return s;
}

/* ---- kinds: flags ------------------------------------------------------------------------ */

static rc_status flag_set(const struct option *o, void *field, const char *value)
{
    const bool yes = strcmp(value, "true") == 0;

    if (!yes && strcmp(value, "false") != 0)
        return CANNOT_SET(o, value, "it must be '%s' or '%s'", "true", "false");
    *(bool *)field = yes;
    return RC_OK;
}

static rc_status flag_show(const void *field, rcb_buf *out)
{
    return rcb_buf_puts(out, *(const bool *)field ? "true" : "false");
}

static rc_status flag_read(rc_config *c, const struct option *o, const json_t *value)
{
    if (!json_is_boolean(value))
        return not_a(o, "true or false");
    return config_set(c, o, json_is_true(value) ? "true" : "false");
}

/* ---- kinds: texts ------------------------------------------------------------------------ */

/* The options are kept in model files as JSON, which holds UTF-8 alone. */
static rc_status text_set(const struct option *o, void *field, const char *value)
{
    char **text = field;

    if (!rcf_is_utf8(value, strlen(value)))
        return CANNOT_SET(o, value, "it is not %s", "UTF-8");
    char *copy = rcb_strdup(value);
    if (!copy)
        return RC_ENOMEM;
    rcb_free(*text);
    *text = copy;
    return RC_OK;
}

static rc_status text_show(const void *field, rcb_buf *out)
{
    return rcb_buf_puts(out, *(char *const *)field);
}

static rc_status text_print(const void *field, rcb_buf *out)
{
    return rcm_print_text(out, *(char *const *)field);
}

static rc_status text_read(rc_config *c, const struct option *o, const json_t *value)
{
    if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
        return not_a(o, "a text");
    return config_set(c, o, json_string_value(value));
}

static rc_status name_set(const struct option *o, void *field, const char *value)
{
    RC_TRY(rcm_list_check(rcm_list, o->shown.list, o->shown.name, value));
    return text_set(o, field, value);
}

static rc_status sizes_set(const struct option *o, void *field, const char *value)
{
    int64_t count;

    if (!rcm_scan_numbers(value, o->shown.lo, o->shown.hi, 0, NULL, &count))
        return CANNOT_SET(o, value,
                          "it must be a whole number from %.15g to %.15g, or several with "
                          "commas between",
                          o->shown.lo, o->shown.hi);
    return text_set(o, field, value);
}

/* Say which option it is about. */
static rc_status in_option(const struct option *o, const char *value, rc_status s)
{
    return s == RC_EINVAL ? CANNOT_SET(o, value, "%s", rc_error_message()) : s;
}

static rc_status rules_set(const struct option *o, void *field, const char *value)
{
    char *rule = NULL;

    RC_TRY(in_option(o, value, rcn_init_rule(value, "", &rule)));
    rcb_free(rule);
    return text_set(o, field, value);
}

static rc_status penalty_set(const struct option *o, void *field, const char *value)
{
    double number;

    if (*value)
        RC_TRY(in_option(o, value, rcn_glob_value(value, "", 0, &number)));
    return text_set(o, field, value);
}

/* ---- kinds: files ------------------------------------------------------------------------ */

/* Adds a path; the empty text removes all. */
static rc_status files_set(const struct option *o, void *field, const char *value)
{
    char **files = field;
    rcb_buf b = {0};

    if (*value == '\0')
        return text_set(o, field, value);
    if (strchr(value, '\n') || !rcf_is_utf8(value, strlen(value)))
        return CANNOT_SET(o, value, "a file name with %s cannot be kept in a model",
                          strchr(value, '\n') ? "a line feed" : "bytes that are not UTF-8");

    rc_status s = *files && **files ? rcb_buf_puts(&b, *files) : RC_OK;
    if (s == RC_OK && b.n > 0)
        s = rcb_buf_puts(&b, "\n");
    if (s == RC_OK)
        s = rcb_buf_puts(&b, value);
    if (s != RC_OK) {
        rcb_buf_free(&b);
        return s;
    }
    rcb_free(*files);
    *files = b.p;
    return RC_OK;
}

static rc_status files_print(const void *field, rcb_buf *out)
{
    char **paths;
    size_t count;

    RC_TRY(rcm_paths(*(char *const *)field, &paths, &count));
    rc_status s = rcb_buf_puts(out, "[");
    for (size_t i = 0; s == RC_OK && i < count; i++) {
        s = rcb_buf_puts(out, i ? "," : "");
        if (s == RC_OK)
            s = rcm_print_text(out, paths[i]);
    }
    rcm_paths_free(paths, count);
    return s == RC_OK ? rcb_buf_puts(out, "]") : s;
}

static rc_status files_read(rc_config *c, const struct option *o, const json_t *value)
{
    if (!json_is_array(value))
        return not_a(o, "a list of paths");
    RC_TRY(config_set(c, o, ""));
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *path = json_array_get(value, i);

        if (!json_is_string(path) || json_string_length(path) == 0)
            return not_a(o, "a list of paths");
        RC_TRY(text_read(c, o, path));
    }
    return RC_OK;
}

/* ---- the tables -------------------------------------------------------------------------- */

static const struct kind kind_INT = {
    .size = sizeof(int64_t), .set = int_set, .show = int_show, .print = int_show, .read = int_read};
static const struct kind kind_REAL = {.size = sizeof(double),
                                      .set = real_set,
                                      .show = real_show,
                                      .print = real_show,
                                      .read = real_read};
static const struct kind kind_FLAG = {.size = sizeof(bool),
                                      .set = flag_set,
                                      .show = flag_show,
                                      .print = flag_show,
                                      .read = flag_read};

#define KIND_OF_TEXT(its_set)                                                                      \
    {                                                                                              \
        .size = sizeof(char *), .owns = true, .set = its_set, .show = text_show,                   \
        .print = text_print, .read = text_read                                                     \
    }
static const struct kind kind_NAME = KIND_OF_TEXT(name_set);
static const struct kind kind_WORDS = KIND_OF_TEXT(text_set);
static const struct kind kind_SIZES = KIND_OF_TEXT(sizes_set);
static const struct kind kind_RULES = KIND_OF_TEXT(rules_set);
static const struct kind kind_PENALTY = KIND_OF_TEXT(penalty_set);
static const struct kind kind_FILES = {.size = sizeof(char *),
                                       .owns = true,
                                       .adds = true,
                                       .set = files_set,
                                       .show = text_show,
                                       .print = files_print,
                                       .read = files_read};

/* What rc_option says of each kind outside. */
#define OUTSIDE_INT RC_OPTION_INT
#define OUTSIDE_REAL RC_OPTION_REAL
#define OUTSIDE_FLAG RC_OPTION_FLAG
#define OUTSIDE_NAME RC_OPTION_NAME
#define OUTSIDE_WORDS RC_OPTION_TEXT
#define OUTSIDE_SIZES RC_OPTION_TEXT
#define OUTSIDE_RULES RC_OPTION_TEXT
#define OUTSIDE_PENALTY RC_OPTION_TEXT
#define OUTSIDE_FILES RC_OPTION_FILES

enum {
#define OPT(field, ...) PLACE_##field,
#include "model/config.def"
#undef OPT
};

static const struct option options[RCM_OPTIONS] = {
#define OPT(field, name, KIND, fallback, lo, hi, list, group, tasks, help)                         \
    {{name, OUTSIDE_##KIND, fallback, lo, hi, list, group, tasks, help},                           \
     &kind_##KIND,                                                                                 \
     PLACE_##field,                                                                                \
     offsetof(struct rc_config, field)},
#include "model/config.def"
#undef OPT
};

const rc_option *rc_option_at(size_t i)
{
    return i < RCM_OPTIONS ? &options[i].shown : NULL;
}

static const struct option *option_find(const char *name)
{
    for (size_t i = 0; i < RCM_OPTIONS; i++)
        if (strcmp(options[i].shown.name, name) == 0)
            return &options[i];
    return NULL;
}

/* Is a word among words separated by blanks? No words at all: every word is. */
static bool among(const char *words, const char *word)
{
    const size_t n = strlen(word);

    if (!*words)
        return true;
    for (const char *p = words; *p;) {
        const size_t k = strcspn(p, " ");

        if (k == n && memcmp(p, word, n) == 0)
            return true;
        p += k;
        p += strspn(p, " ");
    }
    return false;
}

static bool has(const rc_config *c, const struct option *o)
{
    return among(o->shown.tasks, c->task->name);
}

/* ---- making ------------------------------------------------------------------------------ */

static const char *task_name(const void *unused, size_t i)
{
    (void)unused;
    return rcm_task_at(i) ? rcm_task_at(i)->name : NULL;
}

static rc_status no_such_task(const char *task)
{
    char hint[RCM_HINT];

    rcm_hint(hint, rc_nearest(task, task_name, NULL), "tasks");
    return RC_FAIL_HINT(RC_EINVAL, hint, "there is no task '%s'", task);
}

/* What an option is by default where a task has a default of its own. */
static const struct own {
    const char *task;
    size_t at; /* of the field */
    const char *value;
} owns[] = {
#define DEFAULT(task, field, value) {#task, offsetof(rc_config, field), value},
#include "model/defaults.def"
#undef DEFAULT
};

static const char *default_of(const struct option *o, const char *task)
{
    for (size_t i = 0; i < sizeof owns / sizeof *owns; i++)
        if (owns[i].at == o->at && strcmp(owns[i].task, task) == 0)
            return owns[i].value;
    return o->shown.fallback;
}

const char *rc_option_default(const char *name, const char *task)
{
    const struct option *o = option_find(name);

    return o && among(o->shown.tasks, task) ? default_of(o, task) : NULL;
}

rc_status rc_config_new(rc_config **out, const char *task)
{
    const rcm_task *found = rcm_task_find(task);

    *out = NULL;
    if (!found)
        return no_such_task(task);
    rc_config *c = rcb_calloc(1, sizeof *c);
    if (!c)
        return RC_ENOMEM;
    c->task = found;
    for (size_t i = 0; i < RCM_OPTIONS; i++) {
        const rc_status s = config_set(c, &options[i], default_of(&options[i], task));

        if (s != RC_OK) {
            assert(s == RC_ENOMEM); /* or a default that its own line forbids */
            rc_config_free(c);
            return s;
        }
    }
    *out = c;
    return RC_OK;
}

rc_status rc_config_clone(rc_config **out, const rc_config *c)
{
    rc_config *copy = rcb_alloc(1, sizeof *copy);
    bool whole = true;

    *out = NULL;
    if (!copy)
        return RC_ENOMEM;
    *copy = *c;
    for (size_t i = 0; i < RCM_OPTIONS; i++) {
        copy->shown[i] = whole ? rcb_strdup(c->shown[i]) : NULL;
        whole = whole && copy->shown[i];
        if (options[i].kind->owns) {
            char **text = text_of(copy, &options[i]);

            *text = whole ? rcb_strdup(*text) : NULL;
            whole = whole && *text;
        }
    }
    if (!whole) {
        rc_config_free(copy);
        return RC_ENOMEM;
    }
    *out = copy;
    return RC_OK;
}

void rc_config_free(rc_config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < RCM_OPTIONS; i++) {
        rcb_free(c->shown[i]);
        if (options[i].kind->owns)
            rcb_free(*text_of(c, &options[i]));
    }
    rcb_free(c);
}

/* ---- setting and getting ----------------------------------------------------------------- */

/* The i-th option that a configuration has. */
static const char *option_name(const void *c, size_t i)
{
    for (size_t k = 0; k < RCM_OPTIONS; k++)
        if (has(c, &options[k]) && i-- == 0)
            return options[k].shown.name;
    return NULL;
}

static rc_status no_such_option(const rc_config *c, const char *name)
{
    const struct option *o = option_find(name);
    char hint[RCM_HINT];

    if (o)
        return RC_FAIL(RC_EINVAL, "task '%s' has no option '%s', it is one of: %s", c->task->name,
                       name, o->shown.tasks);
    rcm_hint(hint, rc_nearest(name, option_name, c), "options");
    return RC_FAIL_HINT(RC_EINVAL, hint, "there is no option '%s'", name);
}

rc_status rc_config_set(rc_config *c, const char *name, const char *value)
{
    const struct option *o = option_find(name);

    if (!o || !has(c, o))
        return no_such_option(c, name);
    return config_set(c, o, value);
}

const char *rc_config_get(const rc_config *c, const char *name)
{
    const struct option *o = option_find(name);

    return o && has(c, o) ? c->shown[o->i] : NULL;
}

bool rc_config_is_default(const rc_config *c, const char *name)
{
    const struct option *o = option_find(name);

    if (!o || !has(c, o))
        return false;
    const char *own = default_of(o, c->task->name);

    if (o->kind == &kind_REAL) {
        const char *end;
        return *(const double *)field_of(c, o) == rcb_real_read(own, &end);
    }
    return strcmp(c->shown[o->i], own) == 0;
}

const char *rc_config_task(const rc_config *c)
{
    return c->task->name;
}

/* ---- JSON -------------------------------------------------------------------------------- */

rc_status rcm_config_print(const rc_config *c, rcb_buf *out)
{
    const char *before = "{";

    for (size_t i = 0; i < RCM_OPTIONS; i++) {
        const struct option *o = &options[i];

        if (!has(c, o))
            continue;
        RC_TRY(rcb_buf_printf(out, "%s\"%s\":", before, o->shown.name));
        RC_TRY(o->kind->print(field_of(c, o), out));
        before = ",";
    }
    return rcb_buf_puts(out, "}");
}

/* What a file says that the configuration cannot take is the file's fault. */
static rc_status read_option(rc_config *c, const char *name, const json_t *value)
{
    const struct option *o = option_find(name);

    if (!o || !has(c, o))
        return RC_FAIL(RC_EFORMAT,
                       "cannot read the configuration: it has the option '%s', it is "
                       "of a newer version",
                       name);
    const rc_status s = o->kind->read(c, o, value);
    if (s == RC_EINVAL)
        return RC_FAIL(RC_EFORMAT, "cannot read the configuration: %s", rc_error_message());
    return s;
}

static rc_status read_options(rc_config *c, json_t *root)
{
    const char *name;
    json_t *value;

    if (!json_is_object(root))
        return RC_FAIL(RC_EFORMAT, "cannot read the configuration: it is not a JSON object");
    json_object_foreach(root, name, value) RC_TRY(read_option(c, name, value));
    return RC_OK;
}

rc_status rcm_config_parse(rc_config **out, const char *task, const char *json)
{
    json_t *root;
    rc_config *c;

    *out = NULL;
    if (!rcm_task_find(task))
        return RC_FAIL(RC_EFORMAT,
                       "cannot read the configuration: there is no task '%s', it is of "
                       "a newer version",
                       task);
    RC_TRY(rc_config_new(&c, task));

    rc_status s = rcf_json_parse(&root, json, strlen(json), JSON_REJECT_DUPLICATES);
    if (s == RC_OK)
        s = read_options(c, root);
    else if (s == RC_EFORMAT)
        s = RC_FAIL(s, "cannot read the configuration: %s", rc_error_message());
    json_decref(root);
    if (s != RC_OK) {
        rc_config_free(c);
        return s;
    }
    *out = c;
    return RC_OK;
}
