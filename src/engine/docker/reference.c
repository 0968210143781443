/* SPDX-License-Identifier: MIT */
#include "engine/docker/reference.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Docker's rule: what stands before the first slash is a host if it has a dot or a port in it, or
 * is just "localhost". */
static size_t host_len(const char *name)
{
    size_t len = strcspn(name, "/");
    if (name[len] != '/')
        return 0;
    bool is_host = memchr(name, '.', len) || memchr(name, ':', len) ||
                   (len == strlen("localhost") && memcmp(name, "localhost", len) == 0);
    return is_host ? len : 0;
}

int reference_parse(const char *image, struct reference *ret_reference)
{
    struct reference r;
    const char *digest = strrchr(image, '@');
    size_t len = digest ? (size_t)(digest - image) : strlen(image);
    if (len == 0 || strlen(image) >= REFERENCE_SIZE)
        return -EINVAL;
    (void)snprintf(r.name, sizeof(r.name), "%.*s", (int)len, image);
    char *slash = strrchr(r.name, '/'), *colon = strchr(slash ? slash : r.name, ':');
    (void)snprintf(r.tag, sizeof(r.tag), "%s", digest ? digest + 1 : colon ? colon + 1 : "latest");
    if (colon)
        *colon = '\0';
    if (r.name[0] == '\0' || r.tag[0] == '\0')
        return -EINVAL;
    size_t host = host_len(r.name);
    (void)snprintf(r.host, sizeof(r.host), "%.*s", host ? (int)host : 9,
                   host ? r.name : "docker.io");
    *ret_reference = r;
    return 0;
}
