/* SPDX-License-Identifier: MIT
 *
 * extra_hosts: a map of names to one address or several, or a list of "name=address" or
 * "name:address". The canonical form is the sorted list of "name:address".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/lists.h"

static int check_host(struct reader *r, const char *name, const char *address, json_t **ret)
{
    unsigned char binary[sizeof(struct in6_addr)];
    char bare[INET6_ADDRSTRLEN + 2], quoted[READER_QUOTE_SIZE];
    size_t n = strlen(address);
    bool brackets = n > 2 && address[0] == '[' && address[n - 1] == ']';
    (void)snprintf(bare, sizeof(bare), "%.*s", brackets ? (int)n - 2 : (int)n,
                   brackets ? address + 1 : address);
    if (name[0] == '\0' || strpbrk(name, " \t=:"))
        return reader_fail(r, "\"%s\" is no name of a host", reader_quote(quoted, name));
    if (strcmp(bare, "host-gateway") != 0 && inet_pton(AF_INET, bare, binary) != 1 &&
        inet_pton(AF_INET6, bare, binary) != 1)
        return reader_fail(r, "\"%s\" is no address; write \"name:192.0.2.1\" or host-gateway",
                           reader_quote(quoted, address));
    return reader_give(r, json_sprintf("%s:%s", name, bare), ret);
}

static int item_host(struct reader *r, const json_t *value, json_t **ret)
{
    const char *text;
    char quoted[READER_QUOTE_SIZE], name[256];
    int rc = reader_text(r, value, "text such as \"name:192.0.2.1\"", &text);
    if (rc < 0)
        return rc;
    size_t n = strcspn(text, text[strcspn(text, "=")] ? "=" : ":");
    if (text[n] == '\0' || n >= sizeof(name))
        return reader_fail(r, "\"%s\" has no address; write \"name:192.0.2.1\"",
                           reader_quote(quoted, text));
    (void)snprintf(name, sizeof(name), "%.*s", (int)n, text);
    return check_host(r, name, text + n + 1, ret);
}

static int add_addresses(struct reader *r, const char *name, const json_t *value, json_t *list)
{
    json_auto_t *one = NULL;
    json_t *address;
    size_t i;
    if (json_is_string(value)) {
        one = json_pack("[O]", value);
        value = one;
    }
    if (!json_is_array(value))
        return reader_expected(r, "an address or a list", value);
    json_array_foreach (value, i, address) {
        json_t *made = NULL;
        if (!json_is_string(address))
            return reader_expected(r, "an address", address);
        int rc = check_host(r, name, json_string_value(address), &made);
        if (rc < 0)
            return rc;
        if (json_array_append_new(list, made) < 0)
            return reader_no_memory(r);
    }
    return 0;
}

int read_extra_hosts(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    json_auto_t *list = json_array();
    const char *name;
    json_t *address;
    if (!json_is_object(value))
        return list_read(r, key, value, item_host, ret);
    json_object_foreach ((json_t *)value, name, address) {
        size_t mark = reader_enter(r, name);
        int rc = list ? add_addresses(r, name, address, list) : reader_no_memory(r);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
    }
    return list_read(r, key, list, item_host, ret);
}
