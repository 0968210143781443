/* SPDX-License-Identifier: MIT
 *
 * What makes two specs the same container: the hashed form and its id.
 *
 * A version's rules never change, for a label on somebody's container may have been made by them.
 * What would change an id gets a new version; the ids of older ones are still computed by their own
 * rules.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "spec/internal.h"

/* Version 1: the canonical form of the keys that were written, without those marked KEY_UNHASHED,
 * and the image. */
json_t *identity_tree(const json_t *root, const char *image)
{
    json_auto_t *tree = json_copy((json_t *)root);
    for (size_t i = 0; tree && key_at(i); i++)
        if (key_at(i)->flags & KEY_UNHASHED)
            (void)json_object_del(tree, key_at(i)->name);
    return json_object_set_new(tree, "image", json_string(image)) < 0 ? NULL : json_incref(tree);
}

static int dump(const json_t *root, const char *image, char **ret_text)
{
    json_auto_t *tree = identity_tree(root, image);
    char *text = tree ? json_dumps(tree, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (!text)
        return -ENOMEM;
    *ret_text = text;
    return 0;
}

int identity_compute(const json_t *root, const char *image, uint8_t version, struct spec_id *ret)
{
    _cleanup_free_ char *text = NULL;
    if (version != 1)
        return -ENOTSUP;
    int r = dump(root, image, &text);
    if (r < 0)
        return r;
    ret->version = version;
    sha256(text, strlen(text), ret->sha256);
    return 0;
}

int spec_id(const struct spec *spec, uint8_t version, struct spec_id *ret_id)
{
    if (version == spec->id.version) {
        *ret_id = spec->id;
        return 0;
    }
    json_auto_t *root = spec_tree(spec);
    return root ? identity_compute(root, spec->image, version, ret_id) : -ENOMEM;
}

int spec_canonical(const struct spec *spec, bool hashed, struct buf *ret_json)
{
    _cleanup_free_ char *text = NULL;
    if (!hashed)
        return buf_puts(ret_json, spec->canonical);
    json_auto_t *root = spec_tree(spec);
    int r = root ? dump(root, spec->image, &text) : -ENOMEM;
    return r < 0 ? r : buf_puts(ret_json, text);
}

void spec_id_format(const struct spec_id *id, char ret_text[SPEC_ID_TEXT_SIZE])
{
    char hex[SHA256_HEX_SIZE];
    hex_format(id->sha256, sizeof(id->sha256), hex);
    (void)snprintf(ret_text, SPEC_ID_TEXT_SIZE, "%u:%s", id->version, hex);
}

int spec_id_parse(const char *text, struct spec_id *ret_id)
{
    struct spec_id id = {0};
    unsigned version = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 3 || text[digits] != ':')
        return -EINVAL;
    for (size_t i = 0; i < digits; i++)
        version = version * 10 + (unsigned)(text[i] - '0');
    if (version > UINT8_MAX || text[0] == '0')
        return -EINVAL;
    int r = hex_parse(text + digits + 1, id.sha256, sizeof(id.sha256));
    if (r < 0)
        return r;
    id.version = (uint8_t)version;
    *ret_id = id;
    return 0;
}
