/* SPDX-License-Identifier: MIT */
#include "engine/docker/login.h"

#include <errno.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define HUB_HOST   "index.docker.io"
#define HUB_SERVER "https://index.docker.io/v1/"

static char *config_path(void)
{
    char *path = NULL;
    const char *folder = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
    if (folder && folder[0])
        return asprintf(&path, "%s/config.json", folder) < 0 ? NULL : path;
    return asprintf(&path, "%s/.docker/config.json", home ? home : "") < 0 ? NULL : path;
}

/* All of a file that is not longer than it may be. */
static int read_all(const char *path, struct buf *ret_text)
{
    char piece[4096];
    size_t n;
    int r = 0;
    FILE *file = fopen(path, "re");
    if (!file)
        return -errno;
    while (r == 0 && (n = fread(piece, 1, sizeof(piece), file)) > 0)
        r = buf_append(ret_text, piece, n);
    if (r == 0 && ferror(file))
        r = -EIO;
    (void)fclose(file);
    return r;
}

int login_read_config(json_t **ret_config, struct error *err)
{
    _cleanup_free_ char *path = config_path();
    _cleanup_(buf_close) struct buf text = BUF_INIT(LOGIN_CONFIG_MAX);
    json_t *config = NULL;
    int r = path ? read_all(path, &text) : -ENOMEM;
    if (r == -ENOENT || r == -ENOTDIR) {
        *ret_config = NULL;
        return 0;
    }
    if (r == 0) {
        config = json_loadb(buf_text(&text), text.len, 0, NULL);
        r = json_is_object(config) ? 0 : -EINVAL;
    }
    if (r < 0) {
        json_decref(config);
        return error_set(err, r, ERROR_FAILED, "docker_config", "cannot read %s: %s",
                         path ? path : "the Docker configuration",
                         r == -EINVAL ? "it is not JSON" : strerror(-r));
    }
    *ret_config = config;
    return 0;
}

/* The host in a key of config.json: "https://ghcr.io/v2/" and "ghcr.io" are one. */
static bool is_for_host(const char *key, const char *host)
{
    const char *scheme = strstr(key, "://");
    const char *begin = scheme ? scheme + 3 : key;
    size_t len = strcspn(begin, "/");
    if (len == strlen(host) && memcmp(begin, host, len) == 0)
        return true;
    return strcmp(host, HUB_HOST) == 0 && len == strlen("docker.io") &&
           memcmp(begin, "docker.io", len) == 0;
}

static const json_t *find_for_host(const json_t *map, const char *host)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)map, key, value)
        if (is_for_host(key, host))
            return value;
    return NULL;
}

/* Part of a program's name, so nothing that could lead elsewhere. */
static bool is_helper_name(const char *name)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return name && name[0] && strlen(name) < LOGIN_HELPER_SIZE && !name[strspn(name, plain)];
}

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

static char *encode(const json_t *credentials)
{
    char *json = json_dumps(credentials, JSON_COMPACT);
    size_t len = json ? strlen(json) : 0;
    char *header = calloc(1, BASE64_ENCODE_LENGTH(len) + BASE64_ENCODE_FINAL_LENGTH + 1);
    if (json && header) {
        struct base64_encode_ctx ctx;
        base64url_encode_init(&ctx);
        size_t n = base64_encode_update(&ctx, header, len, (const uint8_t *)json);
        (void)base64_encode_final(&ctx, header + n);
    } else {
        free(header);
        header = NULL;
    }
    wipe(json);
    return header;
}

static char *header_of(const char *user, const char *secret, const char *token, const char *server)
{
    json_t *json = token && token[0]
                       ? json_pack("{s:s, s:s}", "identitytoken", token, "serveraddress", server)
                       : json_pack("{s:s, s:s, s:s}", "username", user, "password", secret,
                                   "serveraddress", server);
    char *header = json ? encode(json) : NULL;
    json_decref(json);
    return header;
}

/* "auth": base64 of "user:password". NULL when it is not. */
static char *decode_pair(const char *text)
{
    struct base64_decode_ctx ctx;
    size_t len = strlen(text), n = BASE64_DECODE_LENGTH(len);
    char *pair = calloc(1, n + 1);
    if (!pair)
        return NULL;
    base64_decode_init(&ctx);
    if (base64_decode_update(&ctx, &n, (uint8_t *)pair, len, text) && base64_decode_final(&ctx) &&
        strchr(pair, ':'))
        return pair;
    free(pair);
    return NULL;
}

static char *header_of_entry(const json_t *entry, const char *server)
{
    const char *user = json_string_value(json_object_get(entry, "username"));
    const char *secret = json_string_value(json_object_get(entry, "password"));
    const char *token = json_string_value(json_object_get(entry, "identitytoken"));
    const char *auth = json_string_value(json_object_get(entry, "auth"));
    char *pair = auth ? decode_pair(auth) : NULL;
    if (pair) {
        char *colon = strchr(pair, ':');
        *colon = '\0';
        char *header = header_of(pair, colon + 1, token, server);
        explicit_bzero(colon + 1, strlen(colon + 1));
        free(pair);
        return header;
    }
    return (user && secret) || token ? header_of(user, secret, token, server) : NULL;
}

void login_find(const json_t *config, const char *host, struct login *ret_login)
{
    struct login login = {0};
    bool hub = strcmp(host, "docker.io") == 0 || strcmp(host, HUB_HOST) == 0;
    const char *looked_for = hub ? HUB_HOST : host;
    (void)snprintf(login.server, sizeof(login.server), "%s", hub ? HUB_SERVER : host);
    const json_t *own = find_for_host(json_object_get(config, "credHelpers"), looked_for);
    const char *helper = json_string_value(own ? own : json_object_get(config, "credsStore"));
    if (is_helper_name(helper))
        (void)snprintf(login.helper, sizeof(login.helper), "%s", helper);
    const json_t *entry = find_for_host(json_object_get(config, "auths"), looked_for);
    if (entry)
        login.header = header_of_entry(entry, login.server);
    *ret_login = login;
}

char *login_header_of_answer(const char *json, size_t len, const char *server)
{
    json_t *answer = json_loadb(json, len, 0, NULL);
    const char *user = json_string_value(json_object_get(answer, "Username"));
    const char *secret = json_string_value(json_object_get(answer, "Secret"));
    char *header = NULL;
    if (user && secret)
        header = header_of(user, secret, strcmp(user, "<token>") == 0 ? secret : NULL, server);
    json_decref(answer);
    return header;
}

void login_close(struct login *login)
{
    wipe(login->header);
    login->header = NULL;
}
