/* SPDX-License-Identifier: MIT
 *
 * Cleanup attributes for locals. A destructor takes NULL and copes with
 * half-built objects; `steal` hands ownership over.
 *
 *     _cleanup_(buf_close) struct buf b = BUF_INIT(4096);
 *     _cleanup_free_ char *name = strdup("x");
 */
#pragma once

#include <stdlib.h>

#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _must_use_     __attribute__((warn_unused_result))
#define _printf_(a, b) __attribute__((format(printf, a, b)))

static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}

#define _cleanup_free_ _cleanup_(cleanup_free)

/* Take the value out of a variable and leave NULL behind. */
#define steal(p)                                                                                   \
    __extension__({                                                                                \
        __auto_type steal_value = *(p);                                                            \
        *(p) = NULL;                                                                               \
        steal_value;                                                                               \
    })

/* The same for a file descriptor, which leaves -1. */
static inline int steal_fd(int *fd)
{
    int value = *fd;
    *fd = -1;
    return value;
}

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
