/* SPDX-License-Identifier: MIT
 *
 * Why a request has failed, for people.
 */
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>

#include "api/api.h"
#include "api/client_impl.h"

static int denied(const char *path, struct error *err)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return error_set(err, -EACCES, ERROR_DENIED, "socket_denied",
                         "no permission to reach the daemon's socket %s; run it as root, or open "
                         "the folder to your user",
                         path);
    const struct group *group = getgrgid(st.st_gid);
    return error_set(err, -EACCES, ERROR_DENIED, "socket_denied",
                     "no permission to use the daemon's socket %s; run it as root, or join the "
                     "group %s (id %u)",
                     path, group ? group->gr_name : "of the socket", (unsigned)st.st_gid);
}

static int connect_failed(const char *path, int errno_value, struct error *err)
{
    if (errno_value == EACCES || errno_value == EPERM)
        return denied(path, err);
    if (errno_value == ENOENT || errno_value == ECONNREFUSED || errno_value == ENOTDIR)
        return error_set(err, -ECONNREFUSED, ERROR_UNREACHABLE, "no_daemon",
                         "no daemon listens on %s; start one with \"roost serve\", or name its "
                         "socket with --socket",
                         path);
    return error_set(err, -EIO, ERROR_UNREACHABLE, "no_daemon", "cannot connect to %s: %s", path,
                     errno_value ? strerror(errno_value) : "no answer");
}

int call_died(const struct call *call, const char *why, struct error *err)
{
    return error_set(err, -ECONNRESET, ERROR_UNREACHABLE, "daemon_died",
                     "the daemon at %s went away before it had answered: %s",
                     call->client->socket_path, why);
}

int call_transfer_failed(const struct call *call, CURLcode code, struct error *err)
{
    const char *path = call->client->socket_path;
    if (call->stopped)
        return error_set(err, -ECANCELED, ERROR_FAILED, "stopped", "stopped");
    if (call->silent)
        return error_set(err, -ETIMEDOUT, ERROR_UNREACHABLE, "daemon_silent",
                         "the daemon at %s has been silent for %u s; it hangs, or is stopped", path,
                         (unsigned)(call->silence_ms / 1000));
    if (call->failed == -EFBIG)
        return error_set(err, -EFBIG, ERROR_FAILED, "bad_answer",
                         "the daemon's answer is longer than %zu bytes", API_ANSWER_MAX);
    if (call->failed < 0)
        return error_set(err, call->failed, ERROR_FAILED, "bad_answer",
                         "the daemon's answer cannot be read: %s", strerror(-call->failed));
    long os_errno = 0;
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT) {
        (void)curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &os_errno);
        return connect_failed(path, (int)os_errno, err);
    }
    if (code == CURLE_OUT_OF_MEMORY)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    return call_died(call, curl_easy_strerror(code), err);
}
