/* SPDX-License-Identifier: MIT
 *
 * Two files may each publish a port or mount something at a path: entries that mean the same place
 * are one, and the later file's counts. Both forms of an entry give the same key.
 */
#include <errno.h>
#include <string.h>

#include "compose/merge.h"

/* A scalar as it will be read, its variables put in. */
static int put_scalar(struct loader *l, const struct node *n, struct buf *out)
{
    json_auto_t *made = NULL;
    if (!n || n->kind != NODE_SCALAR || node_is_null(n))
        return 0;
    if (!strchr(n->text, '$'))
        return buf_puts(out, n->text);
    int r = convert_node(l, n, true, &made);
    return r < 0 ? r : buf_puts(out, json_string_value(made));
}

static int put_part(struct loader *l, const struct node *map, const char *name, struct buf *out)
{
    return put_scalar(l, node_get(map, name), out);
}

int key_whole(struct loader *l, const struct node *entry, struct buf *key)
{
    return put_scalar(l, entry, key);
}

int key_env_file(struct loader *l, const struct node *entry, struct buf *key)
{
    return entry->kind == NODE_MAP ? put_part(l, entry, "path", key) : put_scalar(l, entry, key);
}

int key_subnet(struct loader *l, const struct node *entry, struct buf *key)
{
    return put_part(l, entry, "subnet", key);
}

/* "/run:size=64m" */
int key_tmpfs(struct loader *l, const struct node *entry, struct buf *key)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(MERGE_KEY_MAX);
    int r = put_scalar(l, entry, &text);
    return r < 0 ? r : buf_append(key, buf_text(&text), strcspn(buf_text(&text), ":"));
}

/* "source:target[:options]", or the target alone. */
static int key_target(struct loader *l, const struct node *entry, struct buf *key)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(MERGE_KEY_MAX);
    int r =
        entry->kind == NODE_MAP ? put_part(l, entry, "target", &text) : put_scalar(l, entry, &text);
    if (r < 0)
        return r;
    const char *target = buf_text(&text);
    size_t n = strcspn(target, ":");
    if (entry->kind != NODE_MAP && target[n] == ':') {
        target += n + 1;
        n = strcspn(target, ":");
    }
    while (n > 1 && target[n - 1] == '/')
        n--;
    return buf_append(key, target, n);
}

int key_volume(struct loader *l, const struct node *entry, struct buf *key)
{
    return key_target(l, entry, key);
}

int key_device(struct loader *l, const struct node *entry, struct buf *key)
{
    return key_target(l, entry, key);
}

static int key_mounted(struct loader *l, const struct node *entry, const char *folder,
                       struct buf *key)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(MERGE_KEY_MAX);
    int r =
        entry->kind == NODE_MAP ? put_part(l, entry, "target", &text) : put_scalar(l, entry, &text);
    if (r == 0 && text.len == 0)
        r = put_part(l, entry, "source", &text);
    if (r < 0 || text.len == 0)
        return r;
    return buf_text(&text)[0] == '/' ? buf_puts(key, buf_text(&text))
                                     : buf_printf(key, "%s%s", folder, buf_text(&text));
}

int key_secret(struct loader *l, const struct node *entry, struct buf *key)
{
    return key_mounted(l, entry, "/run/secrets/", key);
}

int key_config(struct loader *l, const struct node *entry, struct buf *key)
{
    return key_mounted(l, entry, "/", key);
}

/* ---- ports: address|published|target/protocol ---- */

static int port_map(struct loader *l, const struct node *entry, struct buf *key)
{
    static const struct {
        const char *name, *usual, *behind;
    } parts[] = {
        {"host_ip", "0.0.0.0", "|"},
        {"published", "", "|"},
        {"target", "", "/"},
        {"protocol", "tcp", ""},
    };
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(parts); i++) {
        size_t before = key->len;
        r = put_part(l, entry, parts[i].name, key);
        if (r == 0 && key->len == before)
            r = buf_puts(key, parts[i].usual);
        if (r == 0)
            r = buf_puts(key, parts[i].behind);
    }
    return r;
}

/* [[address:]published:]target[/protocol], an address perhaps in brackets. */
static int port_text(char *text, struct buf *key)
{
    char *protocol = strrchr(text, '/'), *published = (char *)"", *address = (char *)"0.0.0.0";
    if (protocol)
        *protocol++ = '\0';
    char *target = strrchr(text, ':');
    if (target) {
        *target++ = '\0';
        published = strrchr(text, ':');
        if (published) {
            *published++ = '\0';
            address = text;
        } else {
            published = text;
        }
    }
    size_t n = strlen(address);
    if (*address == '[' && address[n - 1] == ']') {
        address[n - 1] = '\0';
        address++;
    }
    return buf_printf(key, "%s|%s|%s/%s", address, published, target ? target : text,
                      protocol ? protocol : "tcp");
}

int key_port(struct loader *l, const struct node *entry, struct buf *key)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(MERGE_KEY_MAX);
    if (entry->kind == NODE_MAP)
        return port_map(l, entry, key);
    int r = put_scalar(l, entry, &text);
    if (r < 0 || text.len == 0)
        return r;
    _cleanup_free_ char *copy = buf_steal(&text);
    return copy ? port_text(copy, key) : -ENOMEM;
}
