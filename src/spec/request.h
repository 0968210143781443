/* SPDX-License-Identifier: MIT
 *
 * What the docker line needs of the request that it says.
 */
#pragma once

#include "spec/keys.h"

/* `root` is the spec's canonical form. On failure what is in `request` is the caller's to close. */
int request_make(const struct spec *spec, const json_t *root, const struct spec_context *context,
                 struct spec_request *request, struct error *err);
