/* The training step's small operations on bfloat16, fused. Matrix products stay with PyTorch.
 *
 * PyTorch spends more time on these chains of little operations than on the products between them. Everything here
 * is one thread, row by row, computed in float32. Built by kernels.py.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef uint16_t bf16;
typedef float f16v __attribute__((vector_size(64)));
typedef int32_t i16v __attribute__((vector_size(64)));
typedef uint16_t h16v __attribute__((vector_size(32)));
#define LANES 16

static inline f16v load_half(const bf16 *p) {
    h16v raw;
    memcpy(&raw, p, sizeof raw);
    return (f16v)(__builtin_convertvector(raw, i16v) << 16);
}

static inline void store_half(bf16 *p, f16v v) {
    i16v bits = (i16v)v;
    bits = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    h16v raw = __builtin_convertvector(bits, h16v);
    memcpy(p, &raw, sizeof raw);
}

static inline f16v load(const float *p) {
    f16v v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store(float *p, f16v v) { memcpy(p, &v, sizeof v); }

static inline float sum_of(f16v v) {
    float total = 0;
    for (int i = 0; i < LANES; i++) total += v[i];
    return total;
}

static inline f16v choose(i16v mask, f16v yes, f16v no) { return (f16v)((mask & (i16v)yes) | (~mask & (i16v)no)); }

/* e^x to about 1e-6: split into a power of two and a polynomial on the rest. */
static inline f16v exponential(f16v x) {
    f16v none = {0};
    x = choose(x < -87.0f, none - 87.0f, x);
    f16v t = x * 1.44269504f;
    i16v whole = __builtin_convertvector(t + choose(t < 0.0f, none - 0.5f, none + 0.5f), i16v);
    f16v r = x - __builtin_convertvector(whole, f16v) * 0.69314718f;
    f16v p = 1.0f + r * (1.0f + r * (0.5f + r * (0.16666667f + r * (0.04166667f + r * (0.00833333f + r * 0.00138889f)))));
    return (f16v)((i16v)p + (whole << 23));
}

void norm_forward(const bf16 *x, bf16 *y, float *scale, long rows, int width, float epsilon) {
    for (long r = 0; r < rows; r++, x += width, y += width) {
        f16v squares = {0};
        for (int i = 0; i < width; i += LANES) {
            f16v v = load_half(x + i);
            squares += v * v;
        }
        scale[r] = 1.0f / sqrtf(sum_of(squares) / width + epsilon);
        for (int i = 0; i < width; i += LANES) store_half(y + i, load_half(x + i) * scale[r]);
    }
}

void norm_backward(const bf16 *grad, const bf16 *y, const float *scale, bf16 *out, long rows, int width) {
    for (long r = 0; r < rows; r++, grad += width, y += width, out += width) {
        f16v products = {0};
        for (int i = 0; i < width; i += LANES) products += load_half(grad + i) * load_half(y + i);
        float inner = sum_of(products) / width;
        for (int i = 0; i < width; i += LANES) store_half(out + i, (load_half(grad + i) - load_half(y + i) * inner) * scale[r]);
    }
}

/* Rows hold gate and up side by side; the result is silu(gate) * up. */
void gated_forward(const bf16 *both, bf16 *out, long rows, int hidden) {
    for (long r = 0; r < rows; r++, both += 2 * hidden, out += hidden)
        for (int i = 0; i < hidden; i += LANES) {
            f16v gate = load_half(both + i);
            store_half(out + i, gate / (1.0f + exponential(-gate)) * load_half(both + hidden + i));
        }
}

void gated_backward(const bf16 *both, const bf16 *grad, bf16 *out, long rows, int hidden) {
    for (long r = 0; r < rows; r++, both += 2 * hidden, out += 2 * hidden, grad += hidden)
        for (int i = 0; i < hidden; i += LANES) {
            f16v gate = load_half(both + i), g = load_half(grad + i);
            f16v slope = 1.0f / (1.0f + exponential(-gate)), active = gate * slope;
            store_half(out + i, g * load_half(both + hidden + i) * (slope + active * (1.0f - slope)));
            store_half(out + hidden + i, g * active);
        }
}

/* Loss summed over rows whose target is not negative; `grad` is the softmax less the target, unscaled. */
double cross_entropy(const bf16 *scores, const int64_t *target, bf16 *grad, long rows, int width) {
    double loss = 0;
    for (long r = 0; r < rows; r++, scores += width, grad += width) {
        if (target[r] < 0) {
            memset(grad, 0, width * sizeof *grad);
            continue;
        }
        f16v top = load_half(scores);
        for (int i = LANES; i < width; i += LANES) {
            f16v v = load_half(scores + i);
            top = choose(v > top, v, top);
        }
        float highest = top[0];
        for (int i = 1; i < LANES; i++) highest = top[i] > highest ? top[i] : highest;
        f16v sums = {0};
        for (int i = 0; i < width; i += LANES) sums += exponential(load_half(scores + i) - highest);
        float total = sum_of(sums);
        for (int i = 0; i < width; i += LANES) store_half(grad + i, exponential(load_half(scores + i) - highest) / total);
        uint32_t bits = (uint32_t)scores[target[r]] << 16;
        float wanted;
        memcpy(&wanted, &bits, 4);
        loss += logf(total) + highest - wanted;
        bits = (uint32_t)grad[target[r]] << 16;
        float p;
        memcpy(&p, &bits, 4);
        f16v less = {p - 1.0f};
        bf16 rounded[LANES];
        store_half(rounded, less);
        grad[target[r]] = rounded[0];
    }
    return loss;
}
