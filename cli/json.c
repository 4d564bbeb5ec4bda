/* json.c -- results as JSON: the few pieces jansson leaves open.
 *
 * Numbers that are not finite become null, bytes that are not UTF-8 become visible. Relies on
 * jansson.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

json_t *json_number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

json_t *json_bytes(const char *bytes, size_t n)
{
    char *out = malloc(4 * n + 1);
    if (!out)
        return NULL;
    size_t used = 0;
    for (size_t i = 0; i < n;) {
        const size_t length = say_utf8_length(bytes + i, n - i);
        memcpy(out + used, bytes + i, length);
        used += length;
        i += length;
        if (length == 0)
            used += (size_t)snprintf(out + used, 5, "\\x%02x", (unsigned)(unsigned char)bytes[i++]);
    }
    json_t *text = json_stringn(out, used);
    free(out);
    return text;
}

void json_add(json_t **to, json_t *value)
{
    if (json_array_append_new(*to, value) != 0) {
        json_decref(*to);
        *to = NULL;
    }
}

void json_put(json_t **to, const char *key, json_t *value)
{
    if (json_object_set_new(*to, key, value) != 0) {
        json_decref(*to);
        *to = NULL;
    }
}

json_t *json_config(const rc_config *c)
{
    const rc_option *option;
    json_t *all = json_pack("{s:s}", "task", rc_config_task(c));
    for (size_t i = 0; (option = rc_option_at(i)); i++) {
        const char *value = rc_config_get(c, option->name);
        if (value)
            json_put(&all, option->name, json_bytes(value, strlen(value)));
    }
    return all;
}

bool json_write(FILE *out, json_t *object, bool indent)
{
    const size_t flags = JSON_REAL_PRECISION(12) | (indent ? (size_t)JSON_INDENT(2) : 0);
    char *text = object ? json_dumps(object, flags) : NULL;
    json_decref(object);
    if (!text)
        return false;
    fputs(text, out);
    fputc('\n', out);
    free(text);
    return true;
}

int json_print(FILE *out, json_t *object, bool indent)
{
    return json_write(out, object, indent) ? EXIT_DONE : say_out_of_memory();
}
