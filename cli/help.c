/* help.c -- the tables of commands and options as help, manual pages and docs/options.md.
 *
 * Three printings of the same rows: text for a terminal (an example first), roff for man, Markdown
 * for the docs. Relies on opt_rows(); says nothing that is not in a table.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

/* ---- words about a row ---------------------------------------------------------------------- */

enum { ROW_ROOM = 1024 };

static size_t append(char *out, size_t used, const char *before, const char *text)
{
    if (used < ROW_ROOM)
        used += (size_t)snprintf(out + used, ROW_ROOM - used, "%s%s", before, text);
    return used < ROW_ROOM ? used : ROW_ROOM;
}

/* A number as people write it: 0.002, 65536, 1e-8. */
static const char *plain(char out[SAY_ROOM], double x)
{
    snprintf(out, SAY_ROOM, x == floor(x) && fabs(x) < 1e7 ? "%.0f" : "%g", x);
    return out;
}

/* The legal numbers of a row, "1 to 65536"; "" for others and where only the sign is restricted. */
static const char *row_range(const opt *row, char out[ROW_ROOM])
{
    char lo[SAY_ROOM], hi[SAY_ROOM];
    const bool number = row->kind == RC_OPTION_INT || row->kind == RC_OPTION_REAL;
    out[0] = '\0';
    if (!number || row->hi <= row->lo)
        return out;
    if (row->hi < 1e6)
        snprintf(out, ROW_ROOM, "%s to %s", plain(lo, row->lo), plain(hi, row->hi));
    else if (row->lo != 0)
        snprintf(out, ROW_ROOM, "at least %s", plain(lo, row->lo));
    return out;
}

/* The tasks of a row of the library that not all tasks have, or "". */
static const char *row_tasks(const opt *row)
{
    return row->tasks ? row->tasks : "";
}

/* The default of a row; of one of the library that of a task, where it is known. */
static const char *row_default(const opt *row, const char *task)
{
    const char *own = task && row->tasks ? rc_option_default(row->name, task) : NULL;
    return own ? own : row->fallback ? row->fallback : "";
}

/* Tasks that have another default than the others: " (embed: 5)", or "". */
static const char *row_own_defaults(const opt *row, char out[ROW_ROOM])
{
    size_t used = 0;
    rc_entry task;
    out[0] = '\0';
    for (size_t i = 0; row->tasks && opt_list("tasks", i, &task); i++) {
        const char *own = rc_option_default(row->name, task.name);
        if (!own || strcmp(own, row->fallback) == 0)
            continue;
        used = append(out, used, used ? ", " : " (", task.name);
        used = append(out, used, ": ", own);
    }
    if (used)
        (void)append(out, used, ")", "");
    return out;
}

/* Tasks, default, range and entries of the list of a row: "lm; default 32; 1 to 65536". `task`,
 * when it is known, need not be said. */
static const char *row_facts(const opt *row, const char *task, char out[ROW_ROOM])
{
    size_t used = 0;
    char range[ROW_ROOM], own[ROW_ROOM];
    rc_entry entry;
    const bool flag = row->kind == RC_OPTION_FLAG;
    const char *fallback = row_default(row, task);
    out[0] = '\0';
    if (!task && row_tasks(row)[0])
        used = append(out, used, "", row_tasks(row));
    if (row->needed)
        used = append(out, used, used ? "; " : "", "must be given");
    if (fallback[0] && !(flag && strcmp(fallback, "false") == 0))
        used = append(out, used, used ? "; default " : "default ", fallback);
    if (!task && row_own_defaults(row, own)[0])
        used = append(out, used, own, "");
    if (row_range(row, range)[0])
        used = append(out, used, used ? "; " : "", range);
    for (size_t i = 0; row->list && opt_list(row->list, i, &entry); i++)
        used = append(out, used, i ? " " : used ? "; one of " : "one of ", entry.name);
    return out;
}

/* Visit the groups in the order of their first row. */
static bool group_begins(const opt *rows, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(rows[i].group, rows[at].group) == 0)
            return false;
    return true;
}

/* ---- text ----------------------------------------------------------------------------------- */

static int help_width(FILE *out)
{
    const int columns = say_columns(out);
    return columns < 60 ? 60 : columns > 100 ? 100 : columns;
}

/* Print words, continuing at column `at`; further lines begin at column `indent`. */
static void put_wrapped(FILE *out, const char *text, int at, int indent, int width)
{
    bool first = true;
    while (*text) {
        const int n = (int)strcspn(text, " \n");
        if (!first && at + 1 + n > width) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        } else if (!first) {
            fputc(' ', out);
            at++;
        }
        fprintf(out, "%.*s", n, text);
        at += n;
        text += n;
        first = false;
        if (*text == '\n') {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
            first = true;
        }
        text += *text != '\0';
    }
    fputc('\n', out);
}

enum { HELP_COLUMN = 24 };

static void put_row(FILE *out, const opt *row, const char *task, int width)
{
    char facts[ROW_ROOM], text[ROW_ROOM];
    const char *value = opt_value_name(row);
    int at = fprintf(out, "  --%s%s%s", row->name, value[0] ? " " : "", value);
    if (at + 2 > HELP_COLUMN) {
        fputc('\n', out);
        at = 0;
    }
    fprintf(out, "%*s", HELP_COLUMN - at, "");
    row_facts(row, task, facts);
    snprintf(text, sizeof text, facts[0] ? "%s [%s]" : "%s", row->help, facts);
    put_wrapped(out, text, HELP_COLUMN, HELP_COLUMN, width);
}

static void put_lines(FILE *out, const char *before, const char *lines)
{
    for (const char *line = lines; *line;) {
        const size_t n = strcspn(line, "\n");
        fprintf(out, "%s%.*s\n", before, (int)n, line);
        line += n + (line[n] != '\0');
    }
}

static const char *exit_codes(const command *c)
{
    return c->may_be_interrupted
               ? "0 done; 1 failed; 2 misused; 130 interrupted, a checkpoint is written"
               : "0 done; 1 failed; 2 misused; 130 interrupted";
}

static void put_list(FILE *out, const char *head, const char *list, int width)
{
    rc_entry entry;
    fprintf(out, "\n%s:\n", head);
    for (size_t i = 0; opt_list(list, i, &entry); i++) {
        const int at = fprintf(out, "  %s", entry.name);
        fprintf(out, "%*s", at < HELP_COLUMN ? HELP_COLUMN - at : 1, "");
        put_wrapped(out, entry.help, HELP_COLUMN, HELP_COLUMN, width);
    }
}

int help_command(FILE *out, const command *c, const char *task)
{
    const int width = help_width(out);
    opt *rows;
    const size_t n = opt_rows(c, task, &rows);
    if (!rows)
        return say_out_of_memory();
    fprintf(out, "Example:\n");
    put_lines(out, "  ", c->example);
    fprintf(out, "\nUsage: recur %s ", c->name);
    put_wrapped(out, c->usage, 13 + (int)strlen(c->name), 13, width);
    fputc('\n', out);
    put_wrapped(out, c->about ? c->about : c->summary, 0, 0, width);
    if (c->takes_task && !task)
        put_list(out, "Tasks", "tasks", width);
    if (c->words)
        put_list(out, "First word", c->words, width);
    for (size_t i = 0; i < n; i++) {
        if (!group_begins(rows, i))
            continue;
        fprintf(out, "\nOptions, %s:\n", rows[i].group);
        for (size_t j = i; j < n; j++)
            if (strcmp(rows[j].group, rows[i].group) == 0)
                put_row(out, &rows[j], task, width);
    }
    fprintf(out, "\nExit: %s\n", exit_codes(c));
    free(rows);
    return EXIT_DONE;
}

void help_program(FILE *out)
{
    const command *c;
    fprintf(out, "Example:\n"
                 "  recur train lm --train input.txt --out my.model\n"
                 "  recur sample my.model --length 500\n"
                 "\nUsage: recur COMMAND [words and options]\n"
                 "\nTrains, evaluates, samples and inspects recurrent neural networks.\n"
                 "\nCommands:\n");
    for (size_t i = 0; (c = command_at(i)); i++)
        fprintf(out, "  %-12s%s\n", c->name, c->summary);
    fprintf(out, "\nrecur COMMAND --help tells about one of them.\n"
                 "\nExit: 0 done; 1 failed; 2 misused; 130 interrupted\n");
}

/* ---- roff ----------------------------------------------------------------------------------- */

/* Text for roff: what it would take for a command is escaped. */
static void put_roff(FILE *out, const char *text)
{
    bool start = true;
    for (; *text; text++) {
        if (start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '-')
            fputs("\\-", out);
        else if (*text == '\\')
            fputs("\\e", out);
        else
            fputc(*text, out);
        start = *text == '\n';
    }
}

static void put_roff_line(FILE *out, const char *macro, const char *text)
{
    fputs(macro, out);
    put_roff(out, text);
    fputc('\n', out);
}

static void put_roff_text(FILE *out, const char *text)
{
    for (const char *line = text; *line;) {
        const size_t n = strcspn(line, "\n");
        char paragraph[ROW_ROOM];
        snprintf(paragraph, sizeof paragraph, "%.*s", (int)n, line);
        put_roff_line(out, line == text ? "" : ".PP\n", paragraph);
        line += n + (line[n] != '\0');
    }
}

static void put_roff_row(FILE *out, const opt *row)
{
    char facts[ROW_ROOM];
    const char *value = opt_value_name(row);
    fputs(".TP\n\\fB\\-\\-", out);
    put_roff(out, row->name);
    fputs("\\fR", out);
    if (value[0]) {
        fputs(" \\fI", out);
        put_roff(out, value);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    put_roff_line(out, "", row->help);
    if (row_facts(row, NULL, facts)[0]) {
        fputc('[', out);
        put_roff(out, facts);
        fputs("]\n", out);
    }
}

static void put_roff_end(FILE *out, const char *codes)
{
    put_roff_line(out, ".SH EXIT STATUS\n", codes);
    fputs(".SH ENVIRONMENT\n"
          ".TP\n\\fBRECUR_THREADS\\fR\nthreads where \\fB\\-\\-threads\\fR does not say\n"
          ".TP\n\\fBRECUR_CPU\\fR\nnarrows the instruction set: plain, avx2, avx512, avx512vnni or "
          "avx512bf16\n"
          ".TP\n\\fBCOLUMNS\\fR\nwidth of help and plots\n",
          out);
}

static void put_roff_head(FILE *out, const char *name, const char *summary)
{
    fprintf(out, ".TH \"%s\" 1 \"\" \"recur %s\" \"recur manual\"\n.SH NAME\n", name, RC_VERSION);
    put_roff(out, name);
    fputs(" \\- ", out);
    put_roff(out, summary);
    fputc('\n', out);
}

int help_man(FILE *out, const command *c)
{
    char name[SAY_ROOM];
    opt *rows;
    const size_t n = opt_rows(c, NULL, &rows);
    if (!rows)
        return say_out_of_memory();
    snprintf(name, sizeof name, "recur-%s", c->name);
    put_roff_head(out, name, c->summary);
    fprintf(out, ".SH SYNOPSIS\n\\fBrecur %s\\fR ", c->name);
    put_roff_line(out, "", c->usage);
    put_roff_line(out, ".SH EXAMPLES\n.nf\n", c->example);
    fputs(".fi\n.SH DESCRIPTION\n", out);
    put_roff_text(out, c->about ? c->about : c->summary);
    fputs(".SH OPTIONS\n", out);
    for (size_t i = 0; i < n; i++) {
        if (!group_begins(rows, i))
            continue;
        put_roff_line(out, ".SS ", rows[i].group);
        for (size_t j = i; j < n; j++)
            if (strcmp(rows[j].group, rows[i].group) == 0)
                put_roff_row(out, &rows[j]);
    }
    put_roff_end(out, exit_codes(c));
    fputs(".SH SEE ALSO\n\\fBrecur\\fR(1)\n", out);
    free(rows);
    return EXIT_DONE;
}

void help_man_program(FILE *out)
{
    const command *c;
    put_roff_head(out, "recur", "recurrent networks and sequence learning");
    fputs(".SH SYNOPSIS\n\\fBrecur\\fR \\fICOMMAND\\fR [words and options]\n"
          ".SH EXAMPLES\n.nf\n"
          "recur train lm \\-\\-train input.txt \\-\\-out my.model\n"
          "recur sample my.model \\-\\-length 500\n.fi\n"
          ".SH DESCRIPTION\nTrains, evaluates, samples and inspects recurrent neural networks.\n"
          "Results go to standard output, everything else to standard error.\n.SH COMMANDS\n",
          out);
    for (size_t i = 0; (c = command_at(i)); i++) {
        fprintf(out, ".TP\n\\fBrecur %s\\fR\n", c->name);
        put_roff_line(out, "", c->summary);
    }
    put_roff_end(out, "0 done; 1 failed; 2 misused; 130 interrupted");
    fputs(".SH SEE ALSO\n", out);
    for (size_t i = 0; (c = command_at(i)); i++)
        fprintf(out, "%s\\fBrecur\\-%s\\fR(1)", i ? ", " : "", c->name);
    fputc('\n', out);
}

/* ---- Markdown ------------------------------------------------------------------------------- */

static void put_markdown(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("|*<>_", *text))
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void put_markdown_row(FILE *out, const opt *row)
{
    char range[ROW_ROOM], own[ROW_ROOM];
    rc_entry entry;
    const char *value = opt_value_name(row);
    fprintf(out, "| `--%s%s%s` | ", row->name, value[0] ? " " : "", value);
    if (row->needed)
        fputs("must be given", out);
    else if (row->fallback && row->fallback[0])
        fprintf(out, "`%s`%s", row->fallback, row_own_defaults(row, own));
    fprintf(out, " | %s", row_range(row, range));
    for (size_t i = 0; row->list && opt_list(row->list, i, &entry); i++)
        fprintf(out, "%s`%s`", i ? " " : "", entry.name);
    fputs(" | ", out);
    put_markdown(out, row->help);
    if (row_tasks(row)[0])
        fprintf(out, " [%s]", row->tasks);
    fputs(" |\n", out);
}

/* The rows of one command, those of the library apart: train and gradcheck share them. */
static void put_markdown_rows(FILE *out, const opt *rows, size_t n, bool library)
{
    for (size_t i = 0; i < n; i++) {
        if (!group_begins(rows, i))
            continue;
        bool headed = false;
        for (size_t j = i; j < n; j++) {
            if (strcmp(rows[j].group, rows[i].group) != 0 || (rows[j].tasks != NULL) != library)
                continue;
            if (!headed)
                fprintf(out, "\n| %s | default | may be | what it does |\n|---|---|---|---|\n",
                        rows[i].group);
            headed = true;
            put_markdown_row(out, &rows[j]);
        }
    }
}

static int put_markdown_command(FILE *out, const command *c, bool library)
{
    opt *rows;
    const size_t n = opt_rows(c, NULL, &rows);
    if (!rows)
        return say_out_of_memory();
    put_markdown_rows(out, rows, n, library);
    free(rows);
    return EXIT_DONE;
}

int help_markdown(FILE *out)
{
    const command *c;
    const command *training = command_find("train");
    fputs(
        "# Options\n\nPrinted by `recur help --options-md` from the tables of the program; a test"
        " compares.\nNumbers may end in `k`, `M` or `G`. `--flag` means `--flag=true`, `--no-flag`"
        " means `--flag=false`.\nExit codes: 0 done, 1 failed, 2 misused, 130 interrupted.\n"
        "\n## Of a task\n\n`recur train TASK` and `recur gradcheck TASK` take these.\n",
        out);
    int code = put_markdown_command(out, training, true);
    for (size_t i = 0; (c = command_at(i)) && code == EXIT_DONE; i++) {
        fprintf(out, "\n## recur %s\n\n%s: `recur %s %s`\n", c->name, c->summary, c->name,
                c->usage);
        fputs("\n```\n", out);
        put_lines(out, "", c->example);
        fputs("```\n", out);
        code = put_markdown_command(out, c, false);
    }
    return code;
}
