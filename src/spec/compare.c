/* SPDX-License-Identifier: MIT
 *
 * Does what a listing shows agree with the spec? Asked for every agent at every resync, so nothing
 * is allocated here.
 */
#include <ctype.h>
#include <string.h>

#include "spec/internal.h"

/* An image's id stands in a listing where its tag has moved on to another. */
static bool is_image_id(const char *image)
{
    static const char prefix[] = "sha256:";
    if (strncmp(image, prefix, sizeof(prefix) - 1) == 0)
        return true;
    size_t n = strspn(image, "0123456789abcdef");
    return image[n] == '\0' && n >= 12 && n <= 64;
}

/* Podman spells out where a short name was found. */
static const char *skip_registry(const char *image)
{
    static const char *const prefixes[] = {"docker.io/library/", "docker.io/", "localhost/",
                                           "library/"};
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (strncmp(image, prefixes[i], strlen(prefixes[i])) == 0)
            return image + strlen(prefixes[i]);
    return image;
}

/* The length without a ":latest" that says nothing. */
static size_t reference_len(const char *image)
{
    static const char latest[] = ":latest";
    size_t len = strlen(image), tail = sizeof(latest) - 1;
    return len > tail && strcmp(image + len - tail, latest) == 0 ? len - tail : len;
}

static bool same_reference(const char *a, const char *b)
{
    a = skip_registry(a);
    b = skip_registry(b);
    size_t len = reference_len(a);
    return len == reference_len(b) && memcmp(a, b, len) == 0;
}

static bool image_agrees(const struct spec *spec, const struct spec_context *context,
                         const char *seen)
{
    const char *image = context->image ? context->image : spec->image;
    if (same_reference(image, seen))
        return true;
    return is_image_id(seen) && !spec->settings.follow_image;
}

/* Is `name` what the engine calls the resource? */
static bool is_named(const struct spec_context *context, const char *kind, const char *key,
                     const char *name)
{
    const char *own =
        context->resource_name ? context->resource_name(context->resource_ctx, kind, key) : NULL;
    if (own)
        return strcmp(own, name) == 0;
    size_t len = strlen(context->fleet);
    return strncmp(name, context->fleet, len) == 0 && name[len] == '_' &&
           strcmp(name + len + 1, key) == 0;
}

/* Docker lists a network of the mode's name. Podman calls its bridge otherwise, lists none for the
 * other modes, and always says "host" in the listing's mode, so that is not looked at. */
static bool mode_agrees(const char *mode, const struct spec_seen *seen)
{
    bool bridge = strcmp(mode, "bridge") == 0;
    if (seen->n_networks != 1)
        return seen->n_networks == 0 && !bridge;
    return strcmp(seen->networks[0], mode) == 0 ||
           (bridge && strcmp(seen->networks[0], "podman") == 0);
}

static bool networks_agree(const struct spec *spec, const struct spec_context *context,
                           const struct spec_seen *seen)
{
    if (spec->network_mode)
        return mode_agrees(spec->network_mode, seen);
    if (seen->n_networks != spec->n_networks)
        return false;
    for (size_t i = 0; i < spec->n_networks; i++) {
        bool found = false;
        for (size_t k = 0; k < seen->n_networks && !found; k++)
            found = is_named(context, "network", spec->networks[i], seen->networks[k]);
        if (!found)
            return false;
    }
    return true;
}

static bool mount_agrees(const struct mount *wanted, const struct spec_context *context,
                         const struct spec_seen_mount *seen)
{
    if (strcmp(seen->destination, wanted->destination) != 0 || seen->read_only != wanted->read_only)
        return false;
    switch (wanted->kind) {
    case MOUNT_ANONYMOUS:
        return strcmp(seen->type, "volume") == 0;
    case MOUNT_BIND:
        return strcmp(seen->type, "bind") == 0 && strcmp(seen->source, wanted->source) == 0;
    case MOUNT_VOLUME:
        return strcmp(seen->type, "volume") == 0 &&
               is_named(context, "volume", wanted->source, seen->name);
    }
    return false;
}

static bool mounts_agree(const struct spec *spec, const struct spec_context *context,
                         const struct spec_seen *seen)
{
    for (size_t i = 0; i < spec->n_mounts; i++) {
        bool found = false;
        for (size_t k = 0; k < seen->n_mounts && !found; k++)
            found = mount_agrees(&spec->mounts[i], context, &seen->mounts[k]);
        if (!found)
            return false;
    }
    return true;
}

unsigned spec_compare(const struct spec *spec, const struct spec_context *context,
                      const struct spec_seen *seen)
{
    unsigned differs = 0;
    if (!image_agrees(spec, context, seen->image))
        differs |= SPEC_DIFFERS_IMAGE;
    if (!networks_agree(spec, context, seen))
        differs |= SPEC_DIFFERS_NETWORKS;
    if (!mounts_agree(spec, context, seen))
        differs |= SPEC_DIFFERS_MOUNTS;
    return differs;
}
