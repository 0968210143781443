/* SPDX-License-Identifier: MIT
 *
 * Any text with variables: it becomes the same text twice, or there is a message, which shows no
 * value; a text without a dollar sign stays as it is.
 */
#include <errno.h>

#include "base/buf.h"
#include "compose/interpolate.h"
#include "fuzz.h"

#define SECRET "hunter2-hunter2"

static const char *lookup(void *ctx, const char *name)
{
    require(*name);
    return strcmp(name, "A") == 0 ? SECRET : strcmp(name, "E") == 0 ? "" : NULL;
}

static int on_unset(void *ctx, const char *name)
{
    require(*name && !lookup(NULL, name));
    return 0;
}

static int run(const char *text, struct buf *out, struct error *problem)
{
    struct interpolation in = {.lookup = lookup, .on_unset = on_unset};
    return interpolate(&in, text, out, problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf first = BUF_INIT(1 << 16), second = BUF_INIT(1 << 16);
    struct error problem = ERROR_INIT;
    char *text = fuzz_text(data, size);
    int r = run(text, &first, &problem);
    require(r == 0 || r == -EINVAL || r == -EFBIG);
    if (r == -EINVAL) {
        require(error_is_set(&problem));
        require(strstr(text, SECRET) || !strstr(problem.text, SECRET));
    }
    require(run(text, &second, &problem) == r);
    if (r == 0) {
        require(strcmp(buf_text(&first), buf_text(&second)) == 0);
        require(strchr(text, '$') || strcmp(buf_text(&first), text) == 0);
    }
    buf_close(&first);
    buf_close(&second);
    free(text);
    return 0;
}
