#include "CFiles.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST 16

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define ENDS (sizeof ends / sizeof *ends)

static _Atomic(char *) paths[MOST];
static struct sigaction before[ENDS];
static int waiting;
static pthread_mutex_t changes = PTHREAD_MUTEX_INITIALIZER;

static void on_end(int number) {
    for (size_t i = 0; i < MOST; i++) {
        const char *path = atomic_load(&paths[i]);
        if (path != NULL) unlink(path);
    }
    _exit(128 + number);
}

static void install(void) {
    struct sigaction action = {.sa_handler = on_end};
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < ENDS; i++) {
        sigaction(ends[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) sigaction(ends[i], &action, NULL);
    }
}

int32_t cf_remove_on_end(const char *path) {
    char *copy = strdup(path);
    if (copy == NULL) return -1;
    pthread_mutex_lock(&changes);
    int32_t place = 0;
    while (place < MOST && atomic_load(&paths[place]) != NULL) place++;
    if (place < MOST) {
        atomic_store(&paths[place], copy);
        if (waiting++ == 0) install();
    }
    pthread_mutex_unlock(&changes);
    if (place < MOST) return place;
    free(copy);
    return -1;
}

void cf_keep(int32_t file) {
    if (file < 0) return;
    pthread_mutex_lock(&changes);
    char *path = atomic_exchange(&paths[file], NULL);
    if (--waiting == 0) {
        for (size_t i = 0; i < ENDS; i++) sigaction(ends[i], &before[i], NULL);
    }
    pthread_mutex_unlock(&changes);
    free(path);
}
