/* SPDX-License-Identifier: MIT */
#include "engine/docker/address.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

#define DEFAULT_URL "unix:///var/run/docker.sock"

static int refuse(struct error *err, const char *url, const char *why)
{
    char clean[256];
    text_visible(url, clean, sizeof(clean));
    return error_set(err, -EINVAL, ERROR_USAGE, "engine_url", "engine address \"%s\": %s", clean,
                     why);
}

static const char *after(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/* The schemes that others know and this client does not, with the way round. */
static const char *unsupported(const char *url)
{
    static const struct {
        const char *scheme;
        const char *hint;
    } table[] = {
        {"ssh://", "ssh is not supported; forward the socket with ssh -N -L "
                   "/run/user/1000/docker.sock:/var/run/docker.sock HOST and name it as unix://…"},
        {"npipe://", "named pipes are of Windows; use unix:// or tcp://"},
        {"fd://", "fd:// is for the engine itself; use the socket's path as unix://…"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (after(url, table[i].scheme))
            return table[i].hint;
    return NULL;
}

static int parse_unix(const char *url, const char *path, struct address *a, struct error *err)
{
    if (path[0] != '/')
        return refuse(err, url, "the socket needs an absolute path; like " DEFAULT_URL);
    if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return refuse(err, url, "the socket's path is too long; at most 107 bytes");
    (void)snprintf(a->socket, sizeof(a->socket), "%s", path);
    (void)snprintf(a->base, sizeof(a->base), "http://localhost");
    a->tls = false;
    return 0;
}

/* Take one part of a parsed URL, "" when it is not there. */
static int url_part(CURLU *u, CURLUPart part, char *ret_text, size_t size)
{
    char *text = NULL;
    ret_text[0] = '\0';
    if (curl_url_get(u, part, &text, 0) != CURLUE_OK)
        return 0;
    int n = snprintf(ret_text, size, "%s", text);
    curl_free(text);
    return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static void cleanup_url(CURLU **u)
{
    curl_url_cleanup(*u);
}

/* The parts that an address must not have: nobody would read them. */
static bool has_foreign_parts(CURLU *u)
{
    static const CURLUPart parts[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY,
                                      CURLUPART_FRAGMENT};
    char text[256];
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (url_part(u, parts[i], text, sizeof(text)) < 0 || text[0])
            return true;
    return false;
}

/* host[:port][/prefix], with the port that is usual for the scheme when none is said. */
static int parse_host(const char *url, const char *rest, const char *port_usual, struct address *a,
                      struct error *err)
{
    _cleanup_(cleanup_url) CURLU *u = curl_url();
    char plain[ADDRESS_TEXT_MAX + 16], host[256], port[16], path[256];
    const char *scheme = a->tls ? "https" : "http";
    if (!u)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    (void)snprintf(plain, sizeof(plain), "%s://%s", scheme, rest);
    if (rest[0] == '/' || curl_url_set(u, CURLUPART_URL, plain, 0) != CURLUE_OK)
        return refuse(err, url, "no host and port; like tcp://host:2376");
    if (has_foreign_parts(u)) /* not shown: it may hold a password */
        return refuse(err, scheme, "a user, password, query or fragment is not supported");
    if (url_part(u, CURLUPART_HOST, host, sizeof(host)) < 0 ||
        url_part(u, CURLUPART_PORT, port, sizeof(port)) < 0 ||
        url_part(u, CURLUPART_PATH, path, sizeof(path)) < 0)
        return refuse(err, url, "too long");
    size_t len = strlen(path);
    while (len > 0 && path[len - 1] == '/')
        path[--len] = '\0';
    (void)snprintf(a->base, sizeof(a->base), "%s://%s:%s%s", scheme, host,
                   port[0] ? port : port_usual, path);
    return 0;
}

static bool is_set(const char *text)
{
    return text && text[0];
}

/* Docker takes any word but "" for yes; a person who writes 0 means no. */
static bool says_no(const char *word)
{
    return !word[0] || strcmp(word, "0") == 0 || strcasecmp(word, "false") == 0 ||
           strcasecmp(word, "no") == 0;
}

/* Whether TLS was asked for, and whether to check the server: yes, unless told not to. */
static void tls_wishes(const struct engine_options *o, struct address *a)
{
    const char *word = getenv("DOCKER_TLS_VERIFY");
    const char *certs = is_set(o->cert_path) ? o->cert_path : getenv("DOCKER_CERT_PATH");
    int verify = o->tls_verify >= 0 ? o->tls_verify != 0 : word ? !says_no(word) : -1;
    a->tls = verify == 1 || is_set(certs);
    a->verify = verify != 0;
}

static int tls_file(const char *folder, const char *name, bool required, char ret_path[PATH_MAX],
                    struct error *err)
{
    int n = snprintf(ret_path, PATH_MAX, "%s/%s", folder, name);
    if (n < 0 || n >= PATH_MAX)
        return error_set(err, -ENAMETOOLONG, ERROR_USAGE, "engine_tls", "%s: path too long", name);
    if (access(ret_path, R_OK) == 0)
        return 0;
    int r = -errno;
    if (r == -ENOENT && !required) {
        ret_path[0] = '\0';
        return 0;
    }
    return error_set(err, r, ERROR_USAGE, "engine_tls",
                     "cannot read %s: %s; TLS needs ca.pem, cert.pem and key.pem in one folder "
                     "(DOCKER_CERT_PATH)",
                     ret_path, strerror(-r));
}

/* A folder that was named must hold all three, as a missing one would only show as a refused
 * handshake; in ~/.docker each may be missing. */
static int find_tls_files(const struct engine_options *o, struct address *a, struct error *err)
{
    char folder[PATH_MAX];
    const char *named = is_set(o->cert_path) ? o->cert_path : getenv("DOCKER_CERT_PATH");
    const char *home = getenv("HOME");
    bool required = is_set(named);
    if (required)
        (void)snprintf(folder, sizeof(folder), "%s", named);
    else if (is_set(home))
        (void)snprintf(folder, sizeof(folder), "%s/.docker", home);
    else
        return 0;
    int r = tls_file(folder, "ca.pem", required, a->ca, err);
    if (r == 0)
        r = tls_file(folder, "cert.pem", required, a->cert, err);
    if (r == 0)
        r = tls_file(folder, "key.pem", required || a->cert[0], a->key, err);
    return r;
}

static int parse_url(const char *url, struct address *a, struct error *err)
{
    const char *rest;
    if ((rest = after(url, "unix://")))
        return parse_unix(url, rest, a, err);
    if ((rest = after(url, "tcp://")))
        return parse_host(url, rest, a->tls ? "2376" : "2375", a, err);
    if ((rest = after(url, "http://"))) {
        a->tls = false;
        return parse_host(url, rest, "80", a, err);
    }
    if ((rest = after(url, "https://"))) {
        a->tls = true;
        return parse_host(url, rest, "443", a, err);
    }
    const char *hint = unsupported(url);
    return refuse(err, url,
                  hint ? hint : "not understood; like " DEFAULT_URL " or tcp://host:2376");
}

int address_parse(const struct engine_options *options, struct address *ret_address,
                  struct error *err)
{
    struct address a = {0};
    const char *url = is_set(options->url) ? options->url : getenv("DOCKER_HOST");
    if (!is_set(url))
        url = DEFAULT_URL;
    if (strlen(url) >= sizeof(a.url) - 16)
        return refuse(err, url, "too long");
    text_visible(url, a.url, sizeof(a.url));
    tls_wishes(options, &a);
    int r = parse_url(url, &a, err);
    if (r == 0 && a.tls)
        r = find_tls_files(options, &a, err);
    if (r == 0)
        *ret_address = a;
    return r;
}
