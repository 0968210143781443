/* SPDX-License-Identifier: MIT
 *
 * Where an engine is: the URL of DOCKER_HOST and its relatives, and the TLS files beside it,
 * checked and made ready for libcurl. No I/O but looking whether the TLS files can be read.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "base/error.h"
#include "engine/engine.h"

#define ADDRESS_TEXT_MAX 1024

struct address {
    char url[ADDRESS_TEXT_MAX];  /* as a person wrote it, for messages */
    char base[ADDRESS_TEXT_MAX]; /* http://localhost, https://host:2376/prefix; never a slash at the
                                    end */
    char socket[ADDRESS_TEXT_MAX]; /* of unix://, else "" */
    bool tls;
    bool verify;         /* check the server's certificate */
    char ca[PATH_MAX];   /* "" : the system's */
    char cert[PATH_MAX]; /* "" : none */
    char key[PATH_MAX];
};

/* From the options, and from DOCKER_HOST, DOCKER_CERT_PATH and DOCKER_TLS_VERIFY where these say
 * nothing. -EINVAL for an address that is none or is not supported, -errno for TLS files that
 * cannot be read. */
int address_parse(const struct engine_options *options, struct address *ret_address,
                  struct error *err) _must_use_;
