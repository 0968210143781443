/* SPDX-License-Identifier: MIT
 *
 * The reference of an image taken apart, as Docker's command line does it. Pure.
 */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"

#define REFERENCE_SIZE 1024

struct reference {
    char name[REFERENCE_SIZE]; /* "ghcr.io/a/b", "busybox" */
    char tag[REFERENCE_SIZE];  /* a tag, or the digest "sha256:…", which counts more; "latest" */
    char host[REFERENCE_SIZE]; /* of the registry: "ghcr.io", "localhost:5000", "docker.io" */
};

/* -EINVAL for what is empty or too long. Whether it is a good one the engine says. */
int reference_parse(const char *image, struct reference *ret_reference) _must_use_;
