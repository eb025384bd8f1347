/*
 * Test tool: a disk with faults under one process, loaded into it with LD_PRELOAD.
 *
 * Files below FAULTY_DISK_FOLDER are watched. What is written and not yet synced is put down in an undo
 * log beside the folder, so that a test can play a power cut after it has killed the process: see
 * power.rs, which reads the log. Nothing is really synced, since a killed process loses nothing of the
 * page cache. Faults are told by the file FAULTY_DISK_CONTROL, which is mapped: see disk.rs for its
 * words. The shared memory of SQLite (-shm) is not logged: after a power cut it is made anew.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* Words of the control file. Faults are written by the test, counts by this file. */
enum {
    FULL,           /* 1: nothing can grow; 2: nothing can be written */
    FAIL_SYNCS,     /* so many syncs fail */
    SYNC_DELAY_US,  /* each sync takes so long */
    CLOCK_SHIFT_MS, /* the wall clock is wrong by so much */
    FORGET_SYNCS,   /* 1: a sync is answered and not done */
    DIE_AT_WRITE,   /* the nth write from now is not done any more, nor anything else */
    DIE_AT_SYNC,    /* the same of a sync */
    DIE_AFTER_SYNC, /* the nth sync is done, and nothing else */
    WRITES = 16,
    SYNCS,
    FULL_GIVEN,
    SHORT_GIVEN,
    FAILED_SYNCS,
    DELAYED_SYNCS,
    SHIFTED_CLOCKS,
    WORDS = 32
};

enum { NONE, PLAIN, FILE_, FOLDER };

struct record {
    uint32_t kind;
    uint32_t length;
    uint64_t file;
    int64_t a, b, c;
};

#define MOST_FDS 65536
static struct { uint8_t kind; uint64_t file; } watched[MOST_FDS];
static char folder[4096], undo[4096];
static size_t folder_length;
static int log_fd = -1;
static int half_given;
static volatile int64_t *words;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_pread)(int, void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_unlink)(const char *);
static int (*real_rename)(const char *, const char *);
static int (*real_renameat2)(int, const char *, int, const char *, unsigned);
static int (*real_dup2)(int, int);
static int (*real_clock_gettime)(clockid_t, struct timespec *);

static void *find(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
    real_open = find("open");
    real_openat = find("openat");
    real_close = find("close");
    real_write = find("write");
    real_writev = find("writev");
    real_pwrite = find("pwrite64");
    real_pread = find("pread64");
    real_ftruncate = find("ftruncate64");
    real_fsync = find("fsync");
    real_fdatasync = find("fdatasync");
    real_unlink = find("unlink");
    real_rename = find("rename");
    real_renameat2 = find("renameat2");
    real_dup2 = find("dup2");
    real_clock_gettime = find("clock_gettime");
    const char *below = getenv("FAULTY_DISK_FOLDER");
    const char *beside = getenv("FAULTY_DISK_UNDO");
    const char *control = getenv("FAULTY_DISK_CONTROL");
    if (!below || !beside || !control) return;
    snprintf(folder, sizeof folder, "%s", below);
    snprintf(undo, sizeof undo, "%s", beside);
    folder_length = strlen(folder);
    char path[5000];
    snprintf(path, sizeof path, "%s/log", undo);
    log_fd = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int fd = real_open(control, O_RDWR | O_CLOEXEC);
    if (log_fd < 0 || fd < 0) abort();
    words = mmap(NULL, WORDS * sizeof *words, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (words == MAP_FAILED) abort();
    real_close(fd);
}

static int64_t word(int at) { return words ? __atomic_load_n(&words[at], __ATOMIC_ACQUIRE) : 0; }
static void count(int at) { if (words) __atomic_add_fetch(&words[at], 1, __ATOMIC_ACQ_REL); }

/* Counts a word down; whether this was its last. */
static int falls_due(int at) {
    if (word(at) <= 0) return 0;
    return __atomic_sub_fetch(&words[at], 1, __ATOMIC_ACQ_REL) == 0;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static int is_below(const char *path) {
    return folder_length && strncmp(path, folder, folder_length) == 0
        && (path[folder_length] == '/' || path[folder_length] == 0);
}

static int is_scratch(const char *path) {
    size_t length = strlen(path);
    return length > 4 && strcmp(path + length - 4, "-shm") == 0;
}

static const char *relative(const char *path) {
    const char *rest = path + folder_length;
    return *rest == '/' ? rest + 1 : rest;
}

/* In one piece: a record that a kill tore belongs to an operation that never was. */
static void put(struct record head, const void *payload, size_t length) {
    head.length = (uint32_t)length;
    char *all = malloc(sizeof head + length);
    if (!all) abort();
    memcpy(all, &head, sizeof head);
    if (length) memcpy(all + sizeof head, payload, length);
    size_t done = 0, whole = sizeof head + length;
    while (done < whole) {
        ssize_t written = real_write(log_fd, all + done, whole - done);
        if (written < 0) abort();
        done += (size_t)written;
    }
    free(all);
}

static int64_t log_end(void) { return lseek(log_fd, 0, SEEK_END); }

static int64_t size_of(int fd) {
    struct stat told;
    return fstat(fd, &told) == 0 ? told.st_size : 0;
}

/* What stands in a range of a file, also of one that is open for writing only. */
static size_t read_old(int fd, void *into, size_t length, int64_t at) {
    ssize_t got = real_pread(fd, into, length, at);
    if (got < 0) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        int again = real_open(path, O_RDONLY | O_CLOEXEC);
        if (again < 0) abort();
        got = real_pread(again, into, length, at);
        real_close(again);
    }
    return got < 0 ? 0 : (size_t)got;
}

static int kind_of(int fd) { return fd >= 0 && fd < MOST_FDS && log_fd >= 0 ? watched[fd].kind : NONE; }

/* A file that loses its last name keeps one beside the folder, so that it can come back. */
static void keep(uint64_t file, const char *path) {
    char kept[5000];
    snprintf(kept, sizeof kept, "%s/%llu", undo, (unsigned long long)file);
    if (link(path, kept) != 0 && errno != EEXIST) abort();
}

static void cut_to(int fd, int64_t size) {
    int64_t old = size_of(fd);
    size_t lost = old > size ? (size_t)(old - size) : 0;
    char *bytes = malloc(lost + 1);
    if (!bytes) abort();
    lost = read_old(fd, bytes, lost, size);
    put((struct record){.kind = 'T', .file = watched[fd].file, .a = size, .b = old}, bytes, lost);
    free(bytes);
}

/* How many bytes may be written; negative: none, with errno set. */
static ssize_t may_write(int fd, size_t length, int64_t at) {
    if (falls_due(DIE_AT_WRITE)) die();
    count(WRITES);
    int64_t full = word(FULL);
    if (!full) {
        half_given = 0;
        return (ssize_t)length;
    }
    int64_t size = size_of(fd);
    if (full == 1 && at + (int64_t)length <= size) return (ssize_t)length;
    /* The last block that was free takes the first half of something. */
    if (full == 1 && !half_given && length > 1) {
        half_given = 1;
        count(SHORT_GIVEN);
        return (ssize_t)(length / 2);
    }
    count(FULL_GIVEN);
    errno = ENOSPC;
    return -1;
}

static void log_write(int fd, size_t length, int64_t at) {
    int64_t size = size_of(fd);
    size_t over = at < size ? (size_t)(size - at) : 0;
    if (over > length) over = length;
    char *bytes = malloc(over + 1);
    if (!bytes) abort();
    over = read_old(fd, bytes, over, at);
    struct record head = {.kind = 'W', .file = watched[fd].file, .a = at, .b = size, .c = (int64_t)length};
    put(head, bytes, over);
    free(bytes);
}

static ssize_t write_at(int fd, const void *bytes, size_t length, int64_t at, int moves) {
    pthread_mutex_lock(&turn);
    ssize_t allowed = may_write(fd, length, at);
    if (allowed > 0) {
        if (watched[fd].kind == FILE_) log_write(fd, (size_t)allowed, at);
        allowed = moves ? real_write(fd, bytes, (size_t)allowed) : real_pwrite(fd, bytes, (size_t)allowed, at);
    }
    int error = errno;
    pthread_mutex_unlock(&turn);
    errno = error;
    return allowed;
}

static int64_t place(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags & O_APPEND ? size_of(fd) : lseek(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    int kind = kind_of(fd);
    if (kind != FILE_ && kind != PLAIN) return real_write(fd, bytes, length);
    return write_at(fd, bytes, length, place(fd), 1);
}

ssize_t writev(int fd, const struct iovec *parts, int number) {
    int kind = kind_of(fd);
    if (kind != FILE_ && kind != PLAIN) return real_writev(fd, parts, number);
    ssize_t whole = 0;
    for (int i = 0; i < number; i++) {
        ssize_t done = write(fd, parts[i].iov_base, parts[i].iov_len);
        if (done < 0) return whole ? whole : -1;
        whole += done;
        if ((size_t)done < parts[i].iov_len) break;
    }
    return whole;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
    int kind = kind_of(fd);
    if (kind != FILE_ && kind != PLAIN) return real_pwrite(fd, bytes, length, at);
    return write_at(fd, bytes, length, at, 0);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }

int ftruncate64(int fd, off_t size) {
    if (kind_of(fd) != FILE_) return real_ftruncate(fd, size);
    pthread_mutex_lock(&turn);
    if (falls_due(DIE_AT_WRITE)) die();
    cut_to(fd, size);
    int done = real_ftruncate(fd, size);
    int error = errno;
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

static int sync_of(int fd) {
    int is_folder = watched[fd].kind == FOLDER;
    int64_t upto = log_end();
    if (falls_due(DIE_AT_SYNC)) die();
    count(SYNCS);
    int64_t delay = word(SYNC_DELAY_US);
    if (delay > 0) {
        count(DELAYED_SYNCS);
        usleep((useconds_t)delay);
    }
    pthread_mutex_lock(&turn);
    int failed = !is_folder && word(FAIL_SYNCS) > 0;
    if (failed) {
        __atomic_sub_fetch(&words[FAIL_SYNCS], 1, __ATOMIC_ACQ_REL);
        count(FAILED_SYNCS);
    }
    if (failed || !word(FORGET_SYNCS)) {
        uint32_t kind = is_folder ? 'D' : failed ? 'F' : 'S';
        put((struct record){.kind = kind, .file = watched[fd].file, .a = upto}, NULL, 0);
    }
    pthread_mutex_unlock(&turn);
    if (falls_due(DIE_AFTER_SYNC)) die();
    if (failed) {
        errno = EIO;
        return -1;
    }
    return 0;
}

int fsync(int fd) {
    int kind = kind_of(fd);
    return kind == FILE_ || kind == FOLDER ? sync_of(fd) : real_fsync(fd);
}

int fdatasync(int fd) {
    int kind = kind_of(fd);
    return kind == FILE_ || kind == FOLDER ? sync_of(fd) : real_fdatasync(fd);
}

static int opened(const char *path, int flags, mode_t mode) {
    struct stat told;
    int was_there = lstat(path, &told) == 0;
    int scratch = is_scratch(path);
    pthread_mutex_lock(&turn);
    if (!was_there && (flags & O_CREAT) && word(FULL) == 2) {
        count(FULL_GIVEN);
        pthread_mutex_unlock(&turn);
        errno = ENOSPC;
        return -1;
    }
    int fd = real_open(path, flags & ~O_TRUNC, mode);
    int error = errno;
    if (fd >= 0 && fd < MOST_FDS && fstat(fd, &told) == 0) {
        watched[fd].file = told.st_ino;
        watched[fd].kind = S_ISDIR(told.st_mode) ? FOLDER : scratch ? PLAIN : FILE_;
        if (!was_there && !scratch)
            put((struct record){.kind = 'C', .file = told.st_ino}, relative(path), strlen(relative(path)));
        if (flags & O_TRUNC) {
            if (!scratch && told.st_size > 0) cut_to(fd, 0);
            if (real_ftruncate(fd, 0) != 0) abort();
        }
    }
    pthread_mutex_unlock(&turn);
    errno = error;
    return fd;
}

static mode_t mode_in(int flags, va_list rest) {
    return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(rest, int) : 0;
}

#define WITH_MODE(call)                    \
    va_list rest;                          \
    va_start(rest, flags);                 \
    mode_t mode = mode_in(flags, rest);    \
    va_end(rest);                          \
    return call

int open64(const char *path, int flags, ...) {
    WITH_MODE(log_fd >= 0 && is_below(path) ? opened(path, flags, mode) : real_open(path, flags, mode));
}

int open(const char *path, int flags, ...) {
    WITH_MODE(log_fd >= 0 && is_below(path) ? opened(path, flags, mode) : real_open(path, flags, mode));
}

int openat64(int at, const char *path, int flags, ...) {
    WITH_MODE(log_fd >= 0 && is_below(path) ? opened(path, flags, mode) : real_openat(at, path, flags, mode));
}

int openat(int at, const char *path, int flags, ...) {
    WITH_MODE(log_fd >= 0 && is_below(path) ? opened(path, flags, mode) : real_openat(at, path, flags, mode));
}

int close(int fd) {
    if (fd >= 0 && fd < MOST_FDS) watched[fd].kind = NONE;
    return real_close(fd);
}

int unlink(const char *path) {
    struct stat told;
    if (log_fd < 0 || !is_below(path) || is_scratch(path) || lstat(path, &told) != 0) return real_unlink(path);
    pthread_mutex_lock(&turn);
    keep(told.st_ino, path);
    put((struct record){.kind = 'U', .file = told.st_ino}, relative(path), strlen(relative(path)));
    int done = real_unlink(path);
    int error = errno;
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

int rename(const char *from, const char *to) {
    struct stat moved, replaced;
    if (log_fd < 0 || !is_below(from) || !is_below(to) || lstat(from, &moved) != 0) return real_rename(from, to);
    char names[8192];
    int length = snprintf(names, sizeof names, "%s%c%s", relative(from), '\n', relative(to));
    pthread_mutex_lock(&turn);
    int64_t other = lstat(to, &replaced) == 0 ? (int64_t)replaced.st_ino : 0;
    if (other) keep((uint64_t)other, to);
    put((struct record){.kind = 'R', .file = moved.st_ino, .a = other}, names, (size_t)length);
    int done = real_rename(from, to);
    int error = errno;
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

int renameat2(int old, const char *from, int new, const char *to, unsigned flags) {
    if (flags > 1 || !is_below(from) || !is_below(to)) return real_renameat2(old, from, new, to, flags);
    /* 1: nothing is to be replaced. */
    if (flags == 1 && access(to, F_OK) == 0) {
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

int dup2(int from, int to) {
    int done = real_dup2(from, to);
    if (done >= 0 && done < MOST_FDS && from >= 0 && from < MOST_FDS) watched[done] = watched[from];
    return done;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    if (!real_clock_gettime) real_clock_gettime = find("clock_gettime");
    int told = real_clock_gettime(clock, now);
    int64_t shift = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ? word(CLOCK_SHIFT_MS) : 0;
    if (told == 0 && shift) {
        count(SHIFTED_CLOCKS);
        int64_t ns = now->tv_nsec + (shift % 1000) * 1000000;
        now->tv_sec += shift / 1000 + (ns < 0 ? -1 : ns / 1000000000);
        now->tv_nsec = ns < 0 ? ns + 1000000000 : ns % 1000000000;
    }
    return told;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    (void)zone;
    return 0;
}
