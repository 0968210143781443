/* SPDX-License-Identifier: MIT */
#include "compose/diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static void _printf_(4, 0) place_message(const char *file, int line, int column, const char *fmt,
                                         va_list ap, char ret_text[ERROR_TEXT_SIZE])
{
    int n = line > 0 ? snprintf(ret_text, ERROR_TEXT_SIZE, "%s:%d:%d: ", file, line, column)
                     : snprintf(ret_text, ERROR_TEXT_SIZE, "%s: ", file);
    if (n >= 0 && n < ERROR_TEXT_SIZE)
        (void)vsnprintf(ret_text + n, ERROR_TEXT_SIZE - (size_t)n, fmt, ap);
    text_cut(ret_text, ERROR_TEXT_SIZE);
}

int diag_error(const struct diag *d, int line, int column, const char *fmt, ...)
{
    char text[ERROR_TEXT_SIZE];
    va_list ap;
    va_start(ap, fmt);
    place_message(d->file, line, column, fmt, ap, text);
    va_end(ap);
    return error_set(d->err, -EINVAL, ERROR_INVALID, "invalid_file", "%s", text);
}

int diag_warning(struct diag *d, const char *file, const char *key, int line, int column,
                 const char *fmt, ...)
{
    if (d->n_warnings >= DIAG_WARNINGS_MAX)
        return 0;
    if (!d->once && !(d->once = json_object()))
        return -ENOMEM;
    if (json_object_get(d->once, key))
        return 0;
    char text[ERROR_TEXT_SIZE];
    va_list ap;
    va_start(ap, fmt);
    place_message(file ? file : d->file, line, column, fmt, ap, text);
    va_end(ap);
    char **grown = realloc(d->warnings, (d->n_warnings + 1) * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    d->warnings = grown;
    char *copy = strdup(text);
    if (!copy || json_object_set_new(d->once, key, json_true()) < 0) {
        free(copy);
        return -ENOMEM;
    }
    d->warnings[d->n_warnings++] = copy;
    return 0;
}

char **diag_steal_warnings(struct diag *d, size_t *ret_n)
{
    *ret_n = d->n_warnings;
    d->n_warnings = 0;
    return steal(&d->warnings);
}

void diag_close(struct diag *d)
{
    for (size_t i = 0; i < d->n_warnings; i++)
        free(d->warnings[i]);
    free(d->warnings);
    json_decref(d->once);
    *d = (struct diag){0};
}

struct shown shown(const char *text)
{
    static const char more[] = "...";
    struct shown s;
    text_visible(text, s.text, sizeof(s.text) - strlen(more));
    if (strlen(s.text) < strlen(text)) /* what is made visible only grows: it was cut */
        memcpy(s.text + strlen(s.text), more, sizeof(more));
    return s;
}
