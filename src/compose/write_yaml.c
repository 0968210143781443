/* SPDX-License-Identifier: MIT */
#include "compose/write_yaml.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "compose/compose.h"
#include "compose/scalar.h"

static int on_bytes(void *ctx, unsigned char *bytes, size_t n)
{
    return buf_append(ctx, bytes, n) == 0;
}

/* The emitter takes the event, also where it fails; `made` is what the event's making returned. */
static int emit(yaml_emitter_t *e, yaml_event_t *event, int made)
{
    return made && yaml_emitter_emit(e, event) ? 0 : -ENOMEM;
}

/* Of texts that begin otherwise some are numbers or dates to YAML; of these some are words. */
static bool is_clear(const char *text)
{
    static const char *const words[] = {"y",   "n",    "yes",   "no",  "on",
                                        "off", "true", "false", "null"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcasecmp(text, words[i]) == 0)
            return false;
    return isalpha((unsigned char)text[0]) || text[0] == '/' || text[0] == '_';
}

/* The emitter takes quotes itself where the text does not allow what is asked for. */
static yaml_scalar_style_t style_of(const char *text, bool is_key)
{
    if (!is_key && strchr(text, '\n'))
        return YAML_LITERAL_SCALAR_STYLE;
    return is_clear(text) && !strchr(text, '\n') ? YAML_PLAIN_SCALAR_STYLE
                                                 : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
}

static int emit_scalar(yaml_emitter_t *e, const char *text, yaml_scalar_style_t style)
{
    yaml_event_t event;
    return emit(e, &event,
                yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text,
                                             (int)strlen(text), 1, 1, style));
}

static int emit_text(yaml_emitter_t *e, const char *text)
{
    _cleanup_(buf_close) struct buf doubled = BUF_INIT(2UL * COMPOSE_FILE_MAX);
    for (const char *p = text; *p; p++) {
        (void)buf_putc(&doubled, *p);
        if (*p == '$')
            (void)buf_putc(&doubled, '$');
    }
    return doubled.error ? doubled.error
                         : emit_scalar(e, buf_text(&doubled), style_of(text, false));
}

static int emit_plain(yaml_emitter_t *e, const json_t *json)
{
    struct scalar s = {.kind = SCALAR_NULL};
    char text[SCALAR_TEXT_SIZE];
    if (json_is_null(json))
        return emit_scalar(e, "null", YAML_PLAIN_SCALAR_STYLE);
    if (json_is_boolean(json))
        s = (struct scalar){.kind = SCALAR_BOOL, .boolean = json_is_true(json)};
    else if (json_is_integer(json))
        s = (struct scalar){.kind = SCALAR_INT, .integer = json_integer_value(json)};
    else
        s = (struct scalar){.kind = SCALAR_REAL, .real = json_real_value(json)};
    scalar_format(&s, text);
    return emit_scalar(e, text, YAML_PLAIN_SCALAR_STYLE);
}

static int emit_value(yaml_emitter_t *e, const json_t *json);

static int emit_list(yaml_emitter_t *e, const json_t *list)
{
    yaml_event_t event;
    size_t i;
    json_t *item;
    int r = emit(
        e, &event,
        yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE));
    json_array_foreach (list, i, item)
        if (r == 0)
            r = emit_value(e, item);
    return r < 0 ? r : emit(e, &event, yaml_sequence_end_event_initialize(&event));
}

static int emit_map(yaml_emitter_t *e, const json_t *map)
{
    yaml_event_t event;
    const char *key;
    json_t *value;
    int r =
        emit(e, &event,
             yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
    json_object_foreach ((json_t *)map, key, value) {
        if (r == 0)
            r = emit_scalar(e, key, style_of(key, true));
        if (r == 0)
            r = emit_value(e, value);
    }
    return r < 0 ? r : emit(e, &event, yaml_mapping_end_event_initialize(&event));
}

static int emit_value(yaml_emitter_t *e, const json_t *json)
{
    if (json_is_object(json))
        return emit_map(e, json);
    if (json_is_array(json))
        return emit_list(e, json);
    return json_is_string(json) ? emit_text(e, json_string_value(json)) : emit_plain(e, json);
}

static int emit_document(yaml_emitter_t *e, const json_t *document)
{
    yaml_event_t event;
    int r = emit(e, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    if (r == 0)
        r = emit(e, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    if (r == 0)
        r = emit_value(e, document);
    if (r == 0)
        r = emit(e, &event, yaml_document_end_event_initialize(&event, 1));
    return r < 0 ? r : emit(e, &event, yaml_stream_end_event_initialize(&event));
}

int write_yaml(const json_t *document, struct buf *out)
{
    yaml_emitter_t emitter;
    if (!yaml_emitter_initialize(&emitter))
        return -ENOMEM;
    yaml_emitter_set_output(&emitter, on_bytes, out);
    yaml_emitter_set_width(&emitter, -1);
    yaml_emitter_set_unicode(&emitter, 1);
    int r = emit_document(&emitter, document);
    yaml_emitter_delete(&emitter);
    return out->error ? out->error : r;
}
