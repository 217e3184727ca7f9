#include "CCurl.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// As much is held before the sender is made to wait.
#define MOST_BODY (1 << 20)
#define MOST_HEADERS (1 << 18)

struct cc_exchange {
    CURLM *multi;
    CURL *easy;
    struct curl_slist *lines;
    uint8_t *body;
    size_t body_start, body_end;
    char *headers;
    size_t headers_count;
    bool has_headers, is_paused, is_over;
    CURLcode result;
    char error[CURL_ERROR_SIZE];
};

static size_t on_header(char *line, size_t size, size_t count, void *context) {
    cc_exchange *x = context;
    size_t length = size * count;
    // Another answer begins, as after one of the proxy's or a 100.
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) x->headers_count = 0;
    if (length > MOST_HEADERS - x->headers_count) return 0;
    memcpy(x->headers + x->headers_count, line, length);
    x->headers_count += length;
    long status = 0;
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    if (length <= 2 && status >= 200) x->has_headers = true;
    return length;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
    cc_exchange *x = context;
    size_t length = size * count;
    if (length > MOST_BODY - (x->body_end - x->body_start)) {
        x->is_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (length > MOST_BODY - x->body_end) {
        memmove(x->body, x->body + x->body_start, x->body_end - x->body_start);
        x->body_end -= x->body_start;
        x->body_start = 0;
    }
    memcpy(x->body + x->body_end, bytes, length);
    x->body_end += length;
    return length;
}

static void begin(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

static bool add_line(cc_exchange *x, const char *name, const char *value) {
    char line[8192];
    if (snprintf(line, sizeof line, "%s: %s", name, value) >= (int)sizeof line) return false;
    struct curl_slist *longer = curl_slist_append(x->lines, line);
    if (longer != NULL) x->lines = longer;
    return longer != NULL;
}

static bool prepare(cc_exchange *x, const cc_request *request) {
    x->easy = curl_easy_init();
    x->body = malloc(MOST_BODY);
    x->headers = malloc(MOST_HEADERS);
    if (x->multi == NULL || x->easy == NULL || x->body == NULL || x->headers == NULL) return false;
    // Compressed on the way, a file would have another size and could not be gone on with.
    if (!add_line(x, "Accept-Encoding", "identity")) return false;
    if (request->token != NULL) {
        char bearer[4096];
        if (snprintf(bearer, sizeof bearer, "Bearer %s", request->token) >= (int)sizeof bearer) return false;
        if (!add_line(x, "Authorization", bearer)) return false;
    }
    if (request->from > 0) {
        char range[64];
        snprintf(range, sizeof range, "bytes=%lld-", (long long)request->from);
        if (!add_line(x, "Range", range)) return false;
    }
    CURL *easy = x->easy;
    long seconds = request->patience < 1 ? 1 : (long)request->patience;
    long milliseconds = request->patience < 0.001 ? 1 : (long)(request->patience * 1000);
    bool isSet = curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK;
    curl_easy_setopt(easy, CURLOPT_NOBODY, request->is_head ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, x->lines);
    // The token is for the server, and not for a proxy on the way.
    curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "gptstep");
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    // To end it does not wait for a name that nobody resolves.
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
    if (request->is_head) curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, request->lowest_rate);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, seconds);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->error);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
    return isSet && curl_multi_add_handle(x->multi, easy) == CURLM_OK;
}

cc_pool *cc_pool_open(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, begin);
    return (cc_pool *)curl_multi_init();
}

void cc_pool_close(cc_pool *pool) {
    if (pool != NULL) curl_multi_cleanup((CURLM *)pool);
}

cc_exchange *cc_open(cc_pool *pool, const cc_request *request) {
    cc_exchange *x = calloc(1, sizeof *x);
    if (x != NULL) x->multi = (CURLM *)pool;
    if (x != NULL && !prepare(x, request)) {
        cc_close(x);
        return NULL;
    }
    return x;
}

bool cc_advance(cc_exchange *x, int milliseconds) {
    if (x->is_over) return false;
    int running = 0;
    CURLMcode code = curl_multi_perform(x->multi, &running);
    if (code == CURLM_OK && running > 0 && x->body_start == x->body_end) {
        code = curl_multi_poll(x->multi, NULL, 0, milliseconds, NULL);
        if (code == CURLM_OK) code = curl_multi_perform(x->multi, &running);
    }
    if (code != CURLM_OK) {
        x->result = CURLE_OUT_OF_MEMORY;
        x->is_over = true;
    }
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(x->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) continue;
        x->result = message->data.result;
        x->is_over = true;
    }
    return !x->is_over;
}

long cc_status(cc_exchange *x) {
    long status = 0;
    if (x->has_headers) curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

const char *cc_headers(cc_exchange *x, size_t *count) {
    *count = x->headers_count;
    return x->headers;
}

size_t cc_take(cc_exchange *x, uint8_t *buffer, size_t count) {
    size_t here = x->body_end - x->body_start;
    if (count > here) count = here;
    memcpy(buffer, x->body + x->body_start, count);
    x->body_start += count;
    if (x->body_start == x->body_end) {
        x->body_start = x->body_end = 0;
        if (x->is_paused) {
            x->is_paused = false;
            CURLcode code = curl_easy_pause(x->easy, CURLPAUSE_CONT);
            if (code != CURLE_OK) {
                x->result = code;
                x->is_over = true;
            }
        }
    }
    return count;
}

bool cc_is_unreachable(cc_exchange *x) {
    switch (x->result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT: return true;
    case CURLE_OPERATION_TIMEDOUT: return !x->has_headers;
    default: return false;
    }
}

// A proxy that does not let it through: kept by the exchange, since the number is part of it.
static const char *proxys_answer(cc_exchange *x) {
    long status = 0;
    curl_easy_getinfo(x->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    if (status < 400) return NULL;
    snprintf(x->error, sizeof x->error, "the proxy answers with status %ld", status);
    return x->error;
}

const char *cc_failure(cc_exchange *x) {
    if (x->result != CURLE_OK && proxys_answer(x) != NULL) return x->error;
    switch (x->result) {
    case CURLE_OK: return NULL;
    case CURLE_COULDNT_RESOLVE_HOST: return "its name has no address";
    case CURLE_COULDNT_RESOLVE_PROXY: return "the name of the proxy has no address";
    case CURLE_COULDNT_CONNECT: return "nothing answers there";
    case CURLE_OPERATION_TIMEDOUT:
        return strstr(x->error, "too slow") != NULL && x->has_headers ? "next to nothing comes"
                                                                      : "no answer in time";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE: return "the connection could not be secured, or its certificate is not trusted";
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR: return "the connection was lost";
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WRITE_ERROR:
    case CURLE_HTTP2: return "its answer is none that HTTP knows";
    case CURLE_OUT_OF_MEMORY: return "its headers are too long, or there is no memory";
    case CURLE_URL_MALFORMAT: return "its address is none";
    default: return curl_easy_strerror(x->result);
    }
}

void cc_close(cc_exchange *x) {
    if (x == NULL) return;
    if (x->multi != NULL && x->easy != NULL) curl_multi_remove_handle(x->multi, x->easy);
    if (x->easy != NULL) curl_easy_cleanup(x->easy);
    curl_slist_free_all(x->lines);
    free(x->body);
    free(x->headers);
    free(x);
}
