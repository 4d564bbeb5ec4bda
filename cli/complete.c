/* complete.c -- completion scripts for bash and zsh, printed from the tables.
 *
 * A script holds all names, so that completing needs no start of the program. Relies on opt_rows()
 * and opt_list().
 */
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

/* Rows take a word from a list, a file, or something that cannot be completed. */
static bool takes_file(const opt *row)
{
    const char *value = opt_value_name(row);
    return strncmp(value, "FILE", 4) == 0 || strcmp(value, "MODEL") == 0;
}

/* The list of the first word of a command, or NULL: a file. */
static const char *first_word_list(const command *c)
{
    if (c->takes_task && !c->or_model)
        return "tasks";
    if (c->words)
        return c->words;
    if (strncmp(c->usage, "[LIST", 5) == 0)
        return "lists";
    return strncmp(c->usage, "[COMMAND", 8) == 0 ? "commands" : NULL;
}

static void put_list(FILE *out, const char *list)
{
    rc_entry entry;
    for (size_t i = 0; opt_list(list, i, &entry); i++)
        fprintf(out, "%s%s", i ? " " : "", entry.name);
}

/* ---- bash ----------------------------------------------------------------------------------- */

static void put_bash_values(FILE *out, const opt *rows, size_t n)
{
    fputs("            case $before in\n", out);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].kind == RC_OPTION_FLAG)
            continue;
        fprintf(out, "                --%s) ", rows[i].name);
        if (rows[i].list) {
            fputs("words=\"", out);
            put_list(out, rows[i].list);
            fputs("\" ;;\n", out);
        } else {
            fputs(takes_file(&rows[i]) ? "files=1 ;;\n" : "return ;;\n", out);
        }
    }
    fputs("                *) value= ;;\n            esac\n", out);
}

static int put_bash_command(FILE *out, const command *c)
{
    opt *rows;
    const size_t n = opt_rows(c, NULL, &rows);
    if (!rows)
        return say_out_of_memory();
    fprintf(out, "        %s)\n            options=\"", c->name);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s--%s", i ? " " : "", rows[i].name);
    fputs("\"\n", out);
    put_bash_values(out, rows, n);
    const char *list = first_word_list(c);
    fputs("            first=\"", out);
    if (list)
        put_list(out, list);
    fputs("\" ;;\n", out);
    free(rows);
    return EXIT_DONE;
}

int complete_bash(FILE *out)
{
    const command *c;
    int code = EXIT_DONE;
    fputs("# bash completion for recur; printed by `recur help --completion bash`\n"
          "_recur()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local options= first= words= files= value=1\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        COMPREPLY=($(compgen -W \"",
          out);
    put_list(out, "commands");
    fputs("\" -- \"$word\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n", out);
    for (size_t i = 0; (c = command_at(i)) && code == EXIT_DONE; i++)
        code = put_bash_command(out, c);
    fputs("        *) return ;;\n    esac\n"
          "    if [ -z \"$value\" ]; then\n"
          "        case $word in\n"
          "            -*) words=$options ;;\n"
          "            *) if [ \"$COMP_CWORD\" -eq 2 ] && [ -n \"$first\" ]; then words=$first\n"
          "               else files=1; fi ;;\n"
          "        esac\n"
          "    fi\n"
          "    if [ -n \"$files\" ]; then\n"
          "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
          "    else\n"
          "        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
          "    fi\n}\n"
          "complete -o filenames -F _recur recur\n",
          out);
    return code;
}

/* ---- zsh ------------------------------------------------------------------------------------ */

/* Text inside a single-quoted _arguments specification. */
static void put_zsh(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else if (strchr("[]:\\", *text))
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

static void put_zsh_row(FILE *out, const opt *row)
{
    fprintf(out, "                '%s--%s%s[", row->many ? "*" : "", row->name,
            row->kind == RC_OPTION_FLAG ? "" : "=");
    put_zsh(out, row->help);
    fputc(']', out);
    if (row->kind != RC_OPTION_FLAG) {
        fputc(':', out);
        put_zsh(out, opt_value_name(row));
        fputc(':', out);
        if (row->list) {
            fputc('(', out);
            put_list(out, row->list);
            fputc(')', out);
        } else if (takes_file(row)) {
            fputs("_files", out);
        }
    }
    fputs("' \\\n", out);
}

static int put_zsh_command(FILE *out, const command *c)
{
    opt *rows;
    const size_t n = opt_rows(c, NULL, &rows);
    if (!rows)
        return say_out_of_memory();
    fprintf(out, "        %s)\n            _arguments \\\n", c->name);
    for (size_t i = 0; i < n; i++)
        put_zsh_row(out, &rows[i]);
    const char *list = first_word_list(c);
    if (list) {
        fprintf(out, "                '%s:%s:(", c->takes_task ? "1" : "*", list);
        put_list(out, list);
        fputs(c->takes_task ? ")' \\\n" : ")' ;;\n", out);
    }
    if (!list || c->takes_task)
        fputs("                '*:file:_files' ;;\n", out);
    free(rows);
    return EXIT_DONE;
}

int complete_zsh(FILE *out)
{
    const command *c;
    int code = EXIT_DONE;
    fputs("#compdef recur\n# zsh completion for recur; printed by `recur help --completion zsh`\n"
          "_recur()\n{\n"
          "    local -a commands\n"
          "    commands=(\n",
          out);
    for (size_t i = 0; (c = command_at(i)); i++) {
        fprintf(out, "        '%s:", c->name);
        put_zsh(out, c->summary);
        fputs("'\n", out);
    }
    fputs("    )\n"
          "    if (( CURRENT == 2 )); then\n"
          "        _describe command commands\n"
          "        return\n"
          "    fi\n"
          "    local name=${words[2]}\n"
          "    shift words\n"
          "    (( CURRENT-- ))\n"
          "    case $name in\n",
          out);
    for (size_t i = 0; (c = command_at(i)) && code == EXIT_DONE; i++)
        code = put_zsh_command(out, c);
    fputs("    esac\n}\n_recur \"$@\"\n", out);
    return code;
}
