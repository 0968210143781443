/* SPDX-License-Identifier: MIT
 *
 * What the Docker configuration (config.json) knows of a registry: credentials, or the helper
 * that has them. What is secret in here goes into the X-Registry-Auth header and nowhere else.
 */
#pragma once

#include <jansson.h>

#include "base/error.h"

#define LOGIN_SERVER_SIZE 1024
#define LOGIN_HELPER_SIZE 64
#define LOGIN_CONFIG_MAX  ((size_t)1 << 20)

struct login {
    char server[LOGIN_SERVER_SIZE]; /* as helpers and the header name it */
    char helper[LOGIN_HELPER_SIZE]; /* "pass" for docker-credential-pass; "": none */
    char *header;                   /* of `auths`, base64url; NULL: nothing is known */
};

/* Read $DOCKER_CONFIG/config.json, else ~/.docker/config.json. 0 with NULL when there is none.
 * -errno with the error set, never with the file's text in it. */
int login_read_config(json_t **ret_config, struct error *err) _must_use_;

/* Look a registry up. `config` may be NULL. To be closed. */
void login_find(const json_t *config, const char *host, struct login *ret_login);

/* The header for what a helper has answered ({"Username","Secret"}; for a token the user is
 * "<token>"). NULL: no such answer, or out of memory. */
char *login_header_of_answer(const char *json, size_t len, const char *server) _must_use_;

void login_close(struct login *login);
