#include "CFiles.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Mappings are few (a model's shards) and the handler must find them without a lock: entries are added at the front and
// never freed, an ended one is marked by a size of 0 and taken again.
typedef struct mapping {
    _Atomic(uintptr_t) start;
    _Atomic(size_t) size;
    _Atomic(const char *) sentence;
    struct mapping *next;
} mapping;

static _Atomic(mapping *) mappings;
static pthread_mutex_t changes = PTHREAD_MUTEX_INITIALIZER;
static atomic_flag is_ending = ATOMIC_FLAG_INIT;
static struct sigaction before;
static int exit_status;

static const mapping *mapping_at(uintptr_t address) {
    for (const mapping *each = atomic_load(&mappings); each != NULL; each = each->next) {
        const uintptr_t start = atomic_load(&each->start);
        if (address >= start && address - start < atomic_load(&each->size)) return each;
    }
    return NULL;
}

static void on_missing_page(int number, siginfo_t *info, void *context) {
    (void)context;
    const mapping *found = info->si_code == BUS_ADRERR ? mapping_at((uintptr_t)info->si_addr) : NULL;
    if (found == NULL) {
        // A fault happens again on return; what was sent is sent again.
        sigaction(number, &before, NULL);
        if (info->si_code <= 0) raise(number);
        return;
    }
    // Several threads may read the same file: the first one speaks.
    while (atomic_flag_test_and_set(&is_ending)) pause();
    const char *rest = atomic_load(&found->sentence);
    for (size_t count = strlen(rest); count > 0;) {
        const ssize_t sent = write(STDERR_FILENO, rest, count);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) break;
        rest += sent;
        count -= (size_t)sent;
    }
    _exit(exit_status);
}

void cf_end_on_shrinking(int32_t status) {
    exit_status = status;
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    action.sa_sigaction = on_missing_page;
    sigaction(SIGBUS, &action, &before);
}

// An entry for a mapping that has begun; NULL without memory, and then its SIGBUS is not told apart.
static mapping *entry_for(const char *sentence) {
    mapping *entry = atomic_load(&mappings);
    while (entry != NULL && atomic_load(&entry->size) != 0) entry = entry->next;
    char *copy = strdup(sentence);
    if (copy == NULL) return NULL;
    if (entry == NULL) {
        entry = calloc(1, sizeof *entry);
        if (entry == NULL) {
            free(copy);
            return NULL;
        }
        entry->next = atomic_load(&mappings);
        atomic_store(&mappings, entry);
    }
    free((char *)atomic_exchange(&entry->sentence, copy));
    return entry;
}

const void *cf_map(int32_t descriptor, size_t size, const char *sentence) {
    void *base = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (base == MAP_FAILED) return NULL;
    pthread_mutex_lock(&changes);
    mapping *entry = entry_for(sentence);
    if (entry != NULL) {
        atomic_store(&entry->start, (uintptr_t)base);
        atomic_store(&entry->size, size);
    }
    pthread_mutex_unlock(&changes);
    return base;
}

void cf_unmap(const void *base, size_t size) {
    pthread_mutex_lock(&changes);
    for (mapping *each = atomic_load(&mappings); each != NULL; each = each->next) {
        if (atomic_load(&each->start) == (uintptr_t)base) atomic_store(&each->size, 0);
    }
    pthread_mutex_unlock(&changes);
    munmap((void *)base, size);
}
