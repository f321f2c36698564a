/* Causal attention with RoPE on interleaved pairs, fused: reads and writes rows of [query | key | value]. */
#include "kernels.c"

#define HEAD 32

/* RoPE's tables have a value for every lane: cosines twice, sines as (-s, s), so that a turn is two products. */
static inline f16v turn(f16v v, const float *cosine, const float *sine) {
    i16v swap = {1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14};
    return v * load(cosine) + __builtin_shuffle(v, swap) * load(sine);
}

static void gather(const bf16 *from, long stride, const float *cosine, const float *sine, float *to, int length) {
    for (int t = 0; t < length; t++, from += stride)
        for (int i = 0; i < HEAD; i += LANES) {
            f16v v = load_half(from + i);
            int at = t * HEAD + i;
            store(to + at, cosine ? turn(v, cosine + at, sine + at) : v);
        }
}

/* Gradients turn back: the same cosines, the sines negated. */
static void scatter(const float *from, const float *cosine, const float *sine, bf16 *to, long stride, int length) {
    i16v swap = {1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14};
    for (int t = 0; t < length; t++, to += stride)
        for (int i = 0; i < HEAD; i += LANES) {
            int at = t * HEAD + i;
            f16v v = load(from + at);
            if (cosine) v = v * load(cosine + at) - __builtin_shuffle(v, swap) * load(sine + at);
            store_half(to + i, v);
        }
}

static void transpose(const float *rows, float *columns, int length, int padded) {
    for (int t = 0; t < length; t++)
        for (int d = 0; d < HEAD; d++) columns[d * padded + t] = rows[t * HEAD + d];
}

/* Dot products of one row with all columns up to `count`, a vector of columns at a time. */
static inline void products(const float *row, const float *columns, int padded, int count, float *out) {
    for (int j = 0; j < count; j += LANES) {
        f16v sum = {0};
        for (int d = 0; d < HEAD; d++) sum += row[d] * load(columns + d * padded + j);
        store(out + j, sum);
    }
}

static float *room(int length, int padded, float **parts) {
    float *all = calloc((size_t)length * HEAD * 8 + (size_t)padded * HEAD * 2 + 2 * padded, sizeof(float));
    for (int i = 0; i < 8; i++) parts[i] = all + (size_t)i * length * HEAD;
    parts[8] = all + (size_t)8 * length * HEAD;
    parts[9] = parts[8] + (size_t)padded * HEAD;
    parts[10] = parts[9] + (size_t)padded * HEAD;
    parts[11] = parts[10] + padded;
    return all;
}

void attention_forward(const bf16 *qkv, const float *cosine, const float *sine, bf16 *out, float *logsum, int batch, int length, int heads) {
    int width = heads * HEAD, padded = (length + LANES - 1) / LANES * LANES;
    float scale = 1.0f / sqrtf(HEAD), *part[12], *all = room(length, padded, part);
    float *q = part[0], *k = part[1], *v = part[2], *mixed = part[3], *columns = part[8], *p = part[10];
    for (int b = 0; b < batch; b++)
        for (int h = 0; h < heads; h++) {
            const bf16 *at = qkv + (long)b * length * 3 * width + h * HEAD;
            gather(at, 3 * width, cosine, sine, q, length);
            gather(at + width, 3 * width, cosine, sine, k, length);
            gather(at + 2 * width, 3 * width, NULL, NULL, v, length);
            transpose(k, columns, length, padded);
            for (int i = 0; i < length; i++) {
                products(q + i * HEAD, columns, padded, i + 1, p);
                for (int j = i + 1; j < (i / LANES + 1) * LANES; j++) p[j] = -1e30f;
                f16v top = load(p);
                for (int j = LANES; j <= i; j += LANES) top = choose(load(p + j) > top, load(p + j), top);
                float highest = top[0];
                for (int j = 1; j < LANES; j++) highest = top[j] > highest ? top[j] : highest;
                f16v sums = {0};
                for (int j = 0; j <= i; j += LANES) {
                    f16v e = exponential((load(p + j) - highest) * scale);
                    store(p + j, e);
                    sums += e;
                }
                float total = sum_of(sums);
                logsum[((long)b * heads + h) * length + i] = highest * scale + logf(total);
                f16v low = {0}, high = {0};
                for (int j = 0; j <= i; j++) {
                    low += p[j] * load(v + j * HEAD);
                    high += p[j] * load(v + j * HEAD + LANES);
                }
                store(mixed + i * HEAD, low / total);
                store(mixed + i * HEAD + LANES, high / total);
            }
            scatter(mixed, NULL, NULL, out + (long)b * length * width + h * HEAD, width, length);
        }
    free(all);
}

void attention_backward(const bf16 *qkv, const float *cosine, const float *sine, const bf16 *out, const bf16 *grad, const float *logsum, bf16 *result, int batch, int length, int heads) {
    int width = heads * HEAD, padded = (length + LANES - 1) / LANES * LANES;
    float scale = 1.0f / sqrtf(HEAD), *part[12], *all = room(length, padded, part);
    float *q = part[0], *k = part[1], *v = part[2], *said = part[3], *g = part[4], *dq = part[5], *dk = part[6], *dv = part[7];
    float *key_columns = part[8], *value_columns = part[9], *p = part[10], *dp = part[11];
    for (int b = 0; b < batch; b++)
        for (int h = 0; h < heads; h++) {
            const bf16 *at = qkv + (long)b * length * 3 * width + h * HEAD;
            gather(at, 3 * width, cosine, sine, q, length);
            gather(at + width, 3 * width, cosine, sine, k, length);
            gather(at + 2 * width, 3 * width, NULL, NULL, v, length);
            gather(out + (long)b * length * width + h * HEAD, width, NULL, NULL, said, length);
            gather(grad + (long)b * length * width + h * HEAD, width, NULL, NULL, g, length);
            transpose(k, key_columns, length, padded);
            transpose(v, value_columns, length, padded);
            memset(dk, 0, sizeof(float) * length * HEAD);
            memset(dv, 0, sizeof(float) * length * HEAD);
            for (int i = 0; i < length; i++) {
                const float *gi = g + i * HEAD, *qi = q + i * HEAD;
                f16v g0 = load(gi), g1 = load(gi + LANES), q0 = load(qi), q1 = load(qi + LANES);
                float delta = sum_of(g0 * load(said + i * HEAD) + g1 * load(said + i * HEAD + LANES));
                float base = logsum[((long)b * heads + h) * length + i];
                products(qi, key_columns, padded, i + 1, p);
                products(gi, value_columns, padded, i + 1, dp);
                for (int j = 0; j <= i; j += LANES) {
                    f16v e = exponential(load(p + j) * scale - base);
                    store(p + j, e);
                    store(dp + j, e * (load(dp + j) - delta) * scale);
                }
                f16v d0 = {0}, d1 = {0};
                for (int j = 0; j <= i; j++) {
                    float *dkj = dk + j * HEAD, *dvj = dv + j * HEAD;
                    d0 += dp[j] * load(k + j * HEAD);
                    d1 += dp[j] * load(k + j * HEAD + LANES);
                    store(dkj, load(dkj) + dp[j] * q0);
                    store(dkj + LANES, load(dkj + LANES) + dp[j] * q1);
                    store(dvj, load(dvj) + p[j] * g0);
                    store(dvj + LANES, load(dvj + LANES) + p[j] * g1);
                }
                store(dq + i * HEAD, d0);
                store(dq + i * HEAD + LANES, d1);
            }
            bf16 *to = result + (long)b * length * 3 * width + h * HEAD;
            scatter(dq, cosine, sine, to, 3 * width, length);
            scatter(dk, cosine, sine, to + width, 3 * width, length);
            scatter(dv, NULL, NULL, to + 2 * width, 3 * width, length);
        }
    free(all);
}
