/* cmd.h -- what a command is, and the words every command speaks.
 *
 * A command is one const table (cmd_foo) in cmd_foo.c and one line in cmds.def. The program sees
 * the library through recur.h alone. Results go to stdout, words to stderr.
 */
#ifndef RECUR_CLI_CMD_H
#define RECUR_CLI_CMD_H

#include <stdio.h>
#include <jansson.h>
#include "opts.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_MISUSED = 2, EXIT_INTERRUPTED = 130 };

struct command {
    const char *name;
    const char
        *usage; /* words after the name: "MODEL [FILE] [options]"; those in front are counted */
    const char *summary; /* one line, as a command */
    const char *example; /* command lines, separated by '\n' */
    const char *about;   /* paragraphs, separated by '\n'; or NULL */
    const opt *options;
    bool takes_task; /* the first word is a task, whose options it takes too */
    bool or_model;   /* or else it is a model, and there are no such options */

    bool task_or_else; /* with takes_task: the first word may be something else */
    const char *words; /* the list that the first word is from, where help shows it; or NULL */
    bool may_be_interrupted;
    int (*run)(const opts *o); /* exit code */
};

/* Command i in the order of help; NULL past the end. */
const command *command_at(size_t i);
const command *command_find(const char *name);

/* ---- say.c ---------------------------------------------------------------------------------- */

/* A line to stderr. */
RC_PRINTF(1, 2) void say(const char *fmt, ...);
/* The same, unless --quiet. */
RC_PRINTF(2, 3) void say_unless_quiet(const opts *o, const char *fmt, ...);
/* An rc_note_fn: what was passed over in a file, unless --quiet; ctx is a const opts *. */
void say_note(void *ctx, const char *sentence);
/* "recur: ..." and the exit code for it. The hint, printf-style too, may be NULL. */
RC_PRINTF(1, 2) int say_failure(const char *fmt, ...);
RC_PRINTF(1, 2) int say_misuse(const char *fmt, ...);
/* For a command that writes a file: OPT_GO_ON, or the misuse of '-' as the value of `option`. */
int say_if_stream(const opts *o, const char *option);
/* Likewise: OPT_GO_ON, or the failure of a file that is there already, unless --force was given. */
int say_if_there(const opts *o, const char *option);
RC_PRINTF(1, 2) void say_hint(const char *fmt, ...);
/* The library's message and hint. */
int say_library_failure(void);
/* The same of what came from the command line: RC_EINVAL is misuse. */
int say_library_misuse(rc_status status);
int say_out_of_memory(void);

/* Numbers for people, into a buffer that the caller brings. */
enum { SAY_ROOM = 48 };
const char *say_count(char out[SAY_ROOM], int64_t n);               /* 870,465 */
const char *say_short(char out[SAY_ROOM], double x);                /* 38.1k */
const char *say_seconds(char out[SAY_ROOM], double s);              /* 4m12s */
const char *say_shape(char out[SAY_ROOM], const rc_tensor_info *t); /* 1024 x 256 */
/* A symbol as one printable word: quoted, blanks visible, what cannot be shown as \n or \xNN. The
 * room is for 4 bytes of text per byte and the quotes; longer symbols end in "..". */
const char *say_symbol(char out[SAY_ROOM], const char *bytes, size_t n);

/* The length of the UTF-8 sequence at the head of n > 0 bytes; 0: there is none. */
size_t say_utf8_length(const char *bytes, size_t n);

double say_clock(void);        /* seconds, monotonic */
double say_memory(void);       /* most bytes that this process has had in memory */
bool say_utf8(void);           /* the terminal shows more than ASCII */
int say_columns(FILE *stream); /* width of the terminal behind it; 80 without one */

/* ---- whole.c -------------------------------------------------------------------------------- */

/* Write a file by `put`, beside its place and renamed; "-": standard output. False: errno says
 * why, and what was there before is untouched. */
typedef void whole_fn(FILE *out, const void *ctx);
bool whole_save(const char *path, whole_fn *put, const void *ctx);
/* All of a file ("-": standard input), n bytes, which the caller frees with free(). NULL: the
 * message is out. */
char *whole_read(const char *path, size_t *n);

/* ---- json.c --------------------------------------------------------------------------------- */

/* A number, or null where it is not finite. */
json_t *json_number(double x);
/* Text; bytes that are not UTF-8 are written \xNN. */
json_t *json_bytes(const char *bytes, size_t n);
/* Add a value to an array or an object, and take it. When memory has run out *to becomes NULL and
 * stays so: one check at the end, by json_print(), tells. */
void json_add(json_t **to, json_t *value);
void json_put(json_t **to, const char *key, json_t *value);
/* Task and options, each as text. */
json_t *json_config(const rc_config *c);
/* Write one object on a line (or indented) and release it; false, and nothing written, when memory
 * has run out. json_print() says so and returns an exit code. */
bool json_write(FILE *out, json_t *object, bool indent);
int json_print(FILE *out, json_t *object, bool indent);

/* ---- help.c, complete.c --------------------------------------------------------------------- */

void help_program(FILE *out);
int help_command(FILE *out, const command *c, const char *task); /* an exit code */
void help_man_program(FILE *out);
int help_man(FILE *out, const command *c);
int help_markdown(FILE *out);
int complete_bash(FILE *out);
int complete_zsh(FILE *out);

#endif
