// One exchange with a web server over libcurl, in pieces, for one thread.
//
// HTTPS, proxies from the environment and the machine's certificates are libcurl's. Redirections are not followed here:
// whoever asks decides who may see the token.
#ifndef CCURL_H
#define CCURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cc_exchange cc_exchange;

/// Connections that are kept between exchanges, one exchange at a time.
typedef struct cc_pool cc_pool;

/// No connections yet; NULL where there is no memory.
cc_pool *cc_pool_open(void);

/// Closes all, after the last exchange.
void cc_pool_close(cc_pool *pool);

typedef struct {
    /// The address, http or https.
    const char *url;
    /// Whether only the status and the headers are asked for.
    bool is_head;
    /// What to send as `Authorization: Bearer`, or NULL.
    const char *token;
    /// The byte of the content to begin with.
    int64_t from;
    /// Seconds until the first byte of an answer, and after which less than `lowest_rate` bytes a second are given up.
    double patience;
    /// Bytes a second.
    long lowest_rate;
} cc_request;

/// Sends a request; NULL where there is no memory for it, or the address is none.
cc_exchange *cc_open(cc_pool *pool, const cc_request *request);

/// Waits at most so many milliseconds for something to happen; false once all is over, well or not.
bool cc_advance(cc_exchange *exchange, int milliseconds);

/// The status, once all headers are here; 0 before.
long cc_status(cc_exchange *exchange);

/// All header lines of the answer; valid until the next call of `cc_advance`.
const char *cc_headers(cc_exchange *exchange, size_t *count);

/// Moves bytes of the content that have come into a buffer; 0 where there are none at the moment.
size_t cc_take(cc_exchange *exchange, uint8_t *buffer, size_t count);

/// What went wrong, as part of a sentence and without the address; NULL where nothing did.
const char *cc_failure(cc_exchange *exchange);

/// Whether it never came to the server: its name or its port has nobody behind it, or nobody answers in time.
bool cc_is_unreachable(cc_exchange *exchange);

/// Ends it, whatever is still to come.
void cc_close(cc_exchange *exchange);

#endif
