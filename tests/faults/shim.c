/* Between one process and its C library: what a test writes into the control file goes wrong at once.

   LD_PRELOAD=shim.so FAULTS_CONTROL=file (int64 fields, see struct control) FAULTS_FILE=part of a path.
   Only files whose path holds FAULTS_FILE are touched. Without a control file everything works as ever. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
  int64_t clock_ns;     /* added to the wall clock */
  int64_t sync_us;      /* each fsync takes so much longer */
  int64_t write_errno;  /* writes fail with it */
  int64_t sync_errno;   /* fsync fails with it */
  int64_t read_errno;   /* reads fail with it */
  int64_t torn_write;   /* the n-th write from now ends in its middle, and so does the process */
  int64_t unresolved;   /* no host name can be resolved */
  int64_t met;          /* how often something above took effect */
};

static volatile struct control *control;
static const char *marked = "outcare.db";

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("FAULTS_CONTROL"), *file = getenv("FAULTS_FILE");
  int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file) marked = file;
  if (fd < 0) return;
  void *page = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page != MAP_FAILED) control = page;
  close(fd);
}

static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }

static int is_marked(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, marked) != NULL;
}

static int fails(int64_t code) {
  if (!code) return 0;
  __sync_add_and_fetch(&control->met, 1);
  errno = (int)code;
  return 1;
}

/* 1: the write fails; 2: it is torn */
static int write_ends(int fd) {
  if (!control || !(control->write_errno || control->torn_write > 0) || !is_marked(fd)) return 0;
  if (control->torn_write > 0 && __sync_sub_and_fetch(&control->torn_write, 1) == 0) {
    __sync_add_and_fetch(&control->met, 1);
    return 2;
  }
  return fails(control->write_errno);
}

#define WRITE(name, offset, ...)                                                          \
  {                                                                                       \
    static ssize_t (*real)(int, const void *, size_t __VA_OPT__(, offset));               \
    if (!real) real = next(#name);                                                        \
    int how = write_ends(fd);                                                             \
    if (how == 2) {                                                                       \
      real(fd, data, size / 2 __VA_OPT__(, ) __VA_ARGS__);                                \
      kill(getpid(), SIGKILL);                                                            \
    }                                                                                     \
    return how ? -1 : real(fd, data, size __VA_OPT__(, ) __VA_ARGS__);                    \
  }

ssize_t write(int fd, const void *data, size_t size) WRITE(write, )
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) WRITE(pwrite, off_t, at)
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) WRITE(pwrite64, off64_t, at)

#define READ(name, offset)                                                                \
  {                                                                                       \
    static ssize_t (*real)(int, void *, size_t, offset);                                  \
    if (!real) real = next(#name);                                                        \
    if (control && control->read_errno && is_marked(fd) && fails(control->read_errno)) return -1; \
    return real(fd, data, size, at);                                                      \
  }

ssize_t pread(int fd, void *data, size_t size, off_t at) READ(pread, off_t)
ssize_t pread64(int fd, void *data, size_t size, off64_t at) READ(pread64, off64_t)

#define SYNC(name)                                                                        \
  {                                                                                       \
    static int (*real)(int);                                                              \
    if (!real) real = next(#name);                                                        \
    if (control && (control->sync_errno || control->sync_us) && is_marked(fd)) {          \
      if (control->sync_us) {                                                             \
        __sync_add_and_fetch(&control->met, 1);                                           \
        usleep((useconds_t)control->sync_us);                                             \
      }                                                                                   \
      if (fails(control->sync_errno)) return -1;                                          \
    }                                                                                     \
    return real(fd);                                                                      \
  }

int fsync(int fd) SYNC(fsync)
int fdatasync(int fd) SYNC(fdatasync)

static int is_wall(clockid_t id) { return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE; }

int clock_gettime(clockid_t id, struct timespec *at) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = next("clock_gettime");
  int done = real(id, at);
  if (!done && control && control->clock_ns && is_wall(id)) {
    int64_t ns = at->tv_sec * 1000000000LL + at->tv_nsec + control->clock_ns;
    at->tv_sec = ns / 1000000000LL;
    at->tv_nsec = ns % 1000000000LL;
  }
  return done;
}

int gettimeofday(struct timeval *at, void *zone) {
  struct timespec now;
  (void)zone;
  int done = clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return done;
}

time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
  if (!real) real = next("getaddrinfo");
  if (control && control->unresolved && name && strspn(name, "0123456789.:") != strlen(name)) {
    __sync_add_and_fetch(&control->met, 1);
    return EAI_AGAIN;
  }
  return real(name, service, hints, found);
}
