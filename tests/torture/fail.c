/* SPDX-License-Identifier: MIT
 *
 * To be preloaded: counts the allocations or the system calls of a program from its main() on, and
 * makes the n-th of them fail.
 *
 *     FAIL_KIND    "alloc" or "call"
 *     FAIL_AT      which one fails, counted from 1; 0: none, only count
 *     FAIL_FOR     how many fail from there on
 *     FAIL_REPORT  a file that is told, line by line, what failed first, and "total N" when the
 *                  program ends in order
 *
 * Libraries' calls count as the program's own: it is the same process that has to cope. The
 * programs that it starts are left alone. Never made to fail is what cannot: close() gives the
 * descriptor back whatever it answers, munmap() and free(); and what fails only where it is called
 * wrongly, as epoll_wait(), timerfd_settime(), sigaction() or waitpid() for one's own child.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static enum { COUNT_NOTHING, COUNT_ALLOCATIONS, COUNT_CALLS } counting;
static atomic_long counted;
static long fail_at, fail_for;
static int report = -1;
static _Thread_local bool inside; /* our own work is not the program's */

/* Not through write(), which is one of those that fail. */
static void tell(const char *what, long n)
{
    char line[96];
    int len = snprintf(line, sizeof(line), "%s %ld\n", what, n);
    if (report >= 0 && len > 0)
        (void)syscall(SYS_write, report, line, (size_t)len);
}

static bool fails(int kind, const char *what)
{
    if ((int)counting != kind || inside)
        return false;
    long n = atomic_fetch_add(&counted, 1) + 1;
    if (fail_at == 0 || n < fail_at || n - fail_at >= fail_for)
        return false;
    if (n > fail_at)
        return true;
    inside = true;
    tell(what, n);
    inside = false;
    return true;
}

static void *next(const char *name)
{
    bool was = inside;
    inside = true;
    void *found = dlsym(RTLD_NEXT, name);
    inside = was;
    return found;
}

/* The real one, looked up once. */
#define REAL(type, name, ...)                                                                      \
    static type (*real)(__VA_ARGS__);                                                              \
    if (!real)                                                                                     \
    *(void **)&real = next(name)

/* Allocations. What dlsym() itself asks for before there is anything to pass it on to comes from a
 * small store of our own, which is never given back. */

static char early[16384];
static size_t early_used;

static void *from_early(size_t size)
{
    size = (size + 15) & ~(size_t)15;
    if (early_used + size > sizeof(early))
        _exit(99);
    void *p = early + early_used;
    early_used += size;
    return p;
}

static bool is_early(const void *p)
{
    return (const char *)p >= early && (const char *)p < early + sizeof(early);
}

/* All four at once: dlsym() itself allocates and frees. */
static struct {
    bool looking, found;
    void *(*malloc)(size_t size);
    void *(*calloc)(size_t n, size_t size);
    void *(*realloc)(void *p, size_t size);
    void (*free)(void *p);
} real_alloc;

static bool have_real(void)
{
    if (real_alloc.found || real_alloc.looking)
        return real_alloc.found;
    real_alloc.looking = true;
    *(void **)&real_alloc.malloc = next("malloc");
    *(void **)&real_alloc.calloc = next("calloc");
    *(void **)&real_alloc.realloc = next("realloc");
    *(void **)&real_alloc.free = next("free");
    real_alloc.found = true;
    return true;
}

static bool no_memory(const char *what)
{
    if (!fails(COUNT_ALLOCATIONS, what))
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    if (!have_real())
        return from_early(size);
    return no_memory("malloc") ? NULL : real_alloc.malloc(size);
}

void *calloc(size_t n, size_t size)
{
    if (!have_real())
        return from_early(n * size);
    return no_memory("calloc") ? NULL : real_alloc.calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    if (!have_real() || is_early(p))
        _exit(99);
    return size > 0 && no_memory("realloc") ? NULL : real_alloc.realloc(p, size);
}

void free(void *p)
{
    if (have_real() && !is_early(p))
        real_alloc.free(p);
}

void *reallocarray(void *p, size_t n, size_t size)
{
    REAL(void *, "reallocarray", void *, size_t, size_t);
    return n > 0 && size > 0 && no_memory("reallocarray") ? NULL : real(p, n, size);
}

char *strdup(const char *text)
{
    REAL(char *, "strdup", const char *);
    return no_memory("strdup") ? NULL : real(text);
}

char *strndup(const char *text, size_t n)
{
    REAL(char *, "strndup", const char *, size_t);
    return no_memory("strndup") ? NULL : real(text, n);
}

int vasprintf(char **ret, const char *format, va_list args)
{
    REAL(int, "vasprintf", char **, const char *, va_list);
    return no_memory("vasprintf") ? -1 : real(ret, format, args);
}

int asprintf(char **ret, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int r = vasprintf(ret, format, args);
    va_end(args);
    return r;
}

__attribute__((format(printf, 3, 0))) int __vasprintf_chk(char **ret, int flag, const char *format,
                                                          va_list args);
int __vasprintf_chk(char **ret, int flag, const char *format, va_list args)
{
    return vasprintf(ret, format, args);
}

__attribute__((format(printf, 3, 4))) int __asprintf_chk(char **ret, int flag, const char *format,
                                                         ...);
int __asprintf_chk(char **ret, int flag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int r = vasprintf(ret, format, args);
    va_end(args);
    return r;
}

/* System calls. */

#define FAIL(what, why)                                                                            \
    do {                                                                                           \
        if (fails(COUNT_CALLS, what)) {                                                            \
            errno = (why);                                                                         \
            return -1;                                                                             \
        }                                                                                          \
    } while (0)

#define CALL_OR(otherwise, type, name, why, parameters, ...)                                       \
    type name parameters                                                                           \
    {                                                                                              \
        static type(*real) parameters;                                                             \
        if (!real)                                                                                 \
            *(void **)&real = next(#name);                                                         \
        if (!fails(COUNT_CALLS, #name))                                                            \
            return real(__VA_ARGS__);                                                              \
        errno = (why);                                                                             \
        return (otherwise);                                                                        \
    }
#define CALL(type, name, why, parameters, ...) CALL_OR(-1, type, name, why, parameters, __VA_ARGS__)
#define CALL_NULL(type, name, why, parameters, ...)                                                \
    CALL_OR(NULL, type, name, why, parameters, __VA_ARGS__)
/* Those that return what went wrong. */
#define CALL_WHY(name, why, parameters, ...) CALL_OR(why, int, name, errno, parameters, __VA_ARGS__)

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;                    \
        va_end(args);                                                                              \
        REAL(int, #name, const char *, int, ...);                                                  \
        FAIL(#name, EMFILE);                                                                       \
        return real(path, flags, mode);                                                            \
    }
#define OPEN_AT(name)                                                                              \
    int name(int at, const char *path, int flags, ...)                                             \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;                    \
        va_end(args);                                                                              \
        REAL(int, #name, int, const char *, int, ...);                                             \
        FAIL(#name, EMFILE);                                                                       \
        return real(at, path, flags, mode);                                                        \
    }
#define FCNTL(name)                                                                                \
    int name(int fd, int command, ...)                                                             \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, command);                                                                   \
        void *arg = va_arg(args, void *);                                                          \
        va_end(args);                                                                              \
        REAL(int, #name, int, int, ...);                                                           \
        FAIL(#name, EDEADLK);                                                                      \
        return real(fd, command, arg);                                                             \
    }

OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)
FCNTL(fcntl)
FCNTL(fcntl64)
/* A pipe is on no disk. By two of them libuv's signal handler tells its loop of a SIGTERM. */
static bool is_pipe(int fd)
{
    struct stat st;
    bool was = inside;
    inside = true;
    bool yes = fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
    inside = was;
    return yes;
}

ssize_t read(int fd, void *data, size_t len)
{
    REAL(ssize_t, "read", int, void *, size_t);
    if (!is_pipe(fd))
        FAIL("read", EIO);
    return real(fd, data, len);
}

ssize_t write(int fd, const void *data, size_t len)
{
    REAL(ssize_t, "write", int, const void *, size_t);
    if (!is_pipe(fd))
        FAIL("write", ENOSPC);
    return real(fd, data, len);
}
CALL(ssize_t, pread, EIO, (int fd, void *data, size_t len, off_t at), fd, data, len, at)
CALL(ssize_t, pread64, EIO, (int fd, void *data, size_t len, off64_t at), fd, data, len, at)
CALL(ssize_t, pwrite, ENOSPC, (int fd, const void *data, size_t len, off_t at), fd, data, len, at)
CALL(ssize_t, pwrite64, ENOSPC, (int fd, const void *data, size_t len, off64_t at), fd, data, len,
     at)
CALL(int, fsync, EIO, (int fd), fd)
CALL(int, fdatasync, EIO, (int fd), fd)
CALL(int, ftruncate, ENOSPC, (int fd, off_t size), fd, size)
CALL(int, ftruncate64, ENOSPC, (int fd, off64_t size), fd, size)
CALL(int, rename, EIO, (const char *from, const char *to), from, to)
CALL(int, link, EIO, (const char *from, const char *to), from, to)
CALL(int, unlink, EROFS, (const char *path), path)
CALL(int, mkdir, EROFS, (const char *path, mode_t mode), path, mode)
CALL(int, fchmod, EPERM, (int fd, mode_t mode), fd, mode)
CALL(int, chmod, EPERM, (const char *path, mode_t mode), path, mode)
CALL(int, fstat, EIO, (int fd, struct stat *st), fd, st)
CALL(int, fstat64, EIO, (int fd, struct stat64 *st), fd, st)
CALL(int, stat, EACCES, (const char *path, struct stat *st), path, st)
CALL(int, stat64, EACCES, (const char *path, struct stat64 *st), path, st)
CALL(int, lstat, EACCES, (const char *path, struct stat *st), path, st)
CALL(int, lstat64, EACCES, (const char *path, struct stat64 *st), path, st)
CALL(int, fstatat64, EACCES, (int at, const char *path, struct stat64 *st, int flags), at, path, st,
     flags)
CALL(int, socket, EMFILE, (int family, int type, int protocol), family, type, protocol)
CALL(int, bind, EACCES, (int fd, const struct sockaddr *a, socklen_t n), fd, a, n)
CALL(int, listen, EADDRINUSE, (int fd, int backlog), fd, backlog)
CALL(int, connect, ECONNREFUSED, (int fd, const struct sockaddr *a, socklen_t n), fd, a, n)
CALL(int, accept, EMFILE, (int fd, struct sockaddr *a, socklen_t *n), fd, a, n)
CALL(int, accept4, EMFILE, (int fd, struct sockaddr *a, socklen_t *n, int flags), fd, a, n, flags)
CALL(ssize_t, send, ECONNRESET, (int fd, const void *data, size_t n, int flags), fd, data, n, flags)
CALL(ssize_t, recv, ECONNRESET, (int fd, void *data, size_t n, int flags), fd, data, n, flags)
CALL(ssize_t, sendmsg, ECONNRESET, (int fd, const struct msghdr *m, int flags), fd, m, flags)
CALL(ssize_t, recvmsg, ECONNRESET, (int fd, struct msghdr *m, int flags), fd, m, flags)
CALL(int, getsockopt, ENOBUFS, (int fd, int level, int name, void *value, socklen_t *n), fd, level,
     name, value, n)
CALL(int, epoll_create1, EMFILE, (int flags), flags)
CALL(int, epoll_ctl, ENOSPC, (int fd, int op, int on, struct epoll_event *e), fd, op, on, e)
CALL(int, timerfd_create, EMFILE, (int clock, int flags), clock, flags)
CALL(int, eventfd, EMFILE, (unsigned count, int flags), count, flags)
CALL(int, pipe2, EMFILE, (int fds[2], int flags), fds, flags)
CALL(int, socketpair, EMFILE, (int family, int type, int protocol, int fds[2]), family, type,
     protocol, fds)
CALL(pid_t, fork, EAGAIN, (void), )
CALL_WHY(posix_spawnp, EAGAIN,
         (pid_t * pid, const char *file, const posix_spawn_file_actions_t *actions,
          const posix_spawnattr_t *attr, char *const argv[], char *const env[]),
         pid, file, actions, attr, argv, env)
CALL_WHY(pthread_create, EAGAIN,
         (pthread_t * thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg), thread,
         attr, run, arg)
CALL(int, signalfd, EMFILE, (int fd, const sigset_t *set, int flags), fd, set, flags)
CALL(int, poll, ENOMEM, (struct pollfd * fds, nfds_t n, int timeout_ms), fds, n, timeout_ms)
CALL(int, dup, EMFILE, (int fd), fd)
CALL(int, flock, ENOLCK, (int fd, int how), fd, how)
CALL(int, access, EACCES, (const char *path, int mode), path, mode)
CALL(int, faccessat, EACCES, (int at, const char *path, int mode, int flags), at, path, mode, flags)
CALL(int, fchown, EPERM, (int fd, uid_t uid, gid_t gid), fd, uid, gid)
CALL(int, renameat, EIO, (int at, const char *from, int to_at, const char *to), at, from, to_at, to)
CALL(int, renameat2, EIO, (int at, const char *from, int to_at, const char *to, unsigned flags), at,
     from, to_at, to, flags)
CALL(int, unlinkat, EROFS, (int at, const char *path, int flags), at, path, flags)
CALL(int, rmdir, EROFS, (const char *path), path)
CALL(int, utimensat, EACCES, (int at, const char *path, const struct timespec times[2], int flags),
     at, path, times, flags)
CALL(ssize_t, sendfile64, EIO, (int to, int from, off64_t *at, size_t n), to, from, at, n)
CALL(ssize_t, sendto, ECONNREFUSED,
     (int fd, const void *data, size_t n, int flags, const struct sockaddr *to, socklen_t len), fd,
     data, n, flags, to, len)
CALL(int, setsockopt, ENOBUFS, (int fd, int level, int name, const void *value, socklen_t n), fd,
     level, name, value, n)
CALL(int, statvfs64, EIO, (const char *path, struct statvfs64 *fs), path, fs)
CALL(int, mkostemp64, EMFILE, (char *template, int flags), template, flags)
CALL(ssize_t, readlink, EACCES, (const char *path, char *text, size_t size), path, text, size)
CALL_NULL(char *, realpath, EIO, (const char *path, char *real_path), path, real_path)
CALL_NULL(char *, getcwd, ENOENT, (char *path, size_t size), path, size)
CALL_NULL(FILE *, fopen, EMFILE, (const char *path, const char *mode), path, mode)
CALL_NULL(FILE *, fopen64, EMFILE, (const char *path, const char *mode), path, mode)
CALL_NULL(DIR *, opendir, EMFILE, (const char *path), path)
CALL_NULL(DIR *, fdopendir, ENOMEM, (int fd), fd)
CALL_NULL(struct dirent64 *, readdir64, EIO, (DIR * dir), dir)
CALL_NULL(struct group *, getgrgid, EIO, (gid_t gid), gid)
CALL_NULL(struct passwd *, getpwuid, EIO, (uid_t uid), uid)
CALL(ssize_t, getrandom, ENOSYS, (void *data, size_t n, unsigned flags), data, n, flags)

/* SQLite tries some calls again for ten seconds and more, with pauses, and `top` looks twice: the
 * pauses are left out. */
#define PAUSE(name, parameters, ...)                                                               \
    int name parameters                                                                            \
    {                                                                                              \
        static int(*real) parameters;                                                              \
        if (!real)                                                                                 \
            *(void **)&real = next(#name);                                                         \
        return counting != COUNT_NOTHING ? 0 : real(__VA_ARGS__);                                  \
    }
PAUSE(usleep, (useconds_t us), us)
PAUSE(nanosleep, (const struct timespec *for_so_long, struct timespec *rest), for_so_long, rest)

#define MMAP(name, offset)                                                                         \
    void *name(void *at, size_t n, int protection, int flags, int fd, offset from)                 \
    {                                                                                              \
        REAL(void *, #name, void *, size_t, int, int, int, offset);                                \
        if (!fails(COUNT_CALLS, #name))                                                            \
            return real(at, n, protection, flags, fd, from);                                       \
        errno = ENOMEM;                                                                            \
        return MAP_FAILED;                                                                         \
    }
MMAP(mmap, off_t)
MMAP(mmap64, off64_t)

/* libuv's, to make a descriptor non-blocking. */
int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    va_start(args, request);
    void *arg = va_arg(args, void *);
    va_end(args);
    REAL(int, "ioctl", int, unsigned long, ...);
    FAIL("ioctl", ENOTTY);
    return real(fd, request, arg);
}

/* From main() on: what the loader and the libraries do before it is not the program's. */

static int (*real_main)(int argc, char **argv, char **env);

static int counted_main(int argc, char **argv, char **env)
{
    const char *kind = getenv("FAIL_KIND"), *at = getenv("FAIL_AT"), *times = getenv("FAIL_FOR");
    const char *path = getenv("FAIL_REPORT");
    inside = true;
    if (path)
        report = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                              0600);
    fail_at = at ? atol(at) : 0;
    fail_for = times ? atol(times) : 1;
    bool calls = kind && strcmp(kind, "call") == 0;
    (void)unsetenv("LD_PRELOAD");
    inside = false;
    counting = calls ? COUNT_CALLS : COUNT_ALLOCATIONS;
    return real_main(argc, argv, env);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end);
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
    REAL(int, "__libc_start_main", int (*)(int, char **, char **), int, char **, void (*)(void),
         void (*)(void), void (*)(void), void *);
    real_main = main;
    return real(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}

/* The sanitizers look for leaks after this: they need their memory. */
__attribute__((destructor)) static void over(void)
{
    tell("total", atomic_load(&counted));
    counting = COUNT_NOTHING;
}
