/* Pictures for benchmarks. */
#include "paint.h"

#include <math.h>

#define SIDE 512 /* of the texture, which repeats */

static uint8_t texture[SIDE][SIDE];

static float lattice(int x, int y, int period, uint32_t seed)
{
    uint32_t h = seed + (uint32_t)(x % period) * 0x9e3779b1u +
                 (uint32_t)(y % period) * 0x85ebca77u;
    h = (h ^ h >> 15) * 0x2c1b3c6du;
    h = (h ^ h >> 12) * 0x297a2d39u;
    return (float)(h >> 8) / 16777216.0f - 0.5f;
}

/* Octaves of smooth noise; amplitudes fall like those of photographs. */
static void make_texture(void)
{
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            float sum = 0, amplitude = 150;
            for (int period = 4; period <= SIDE / 2; period *= 2, amplitude *= 0.55f) {
                int cell = SIDE / period, cx = x / cell, cy = y / cell;
                float u = (float)(x % cell) / (float)cell,
                      v = (float)(y % cell) / (float)cell;
                u = u * u * (3 - 2 * u), v = v * v * (3 - 2 * v);
                uint32_t seed = (uint32_t)period;
                float a = lattice(cx, cy, period, seed),
                      b = lattice(cx + 1, cy, period, seed);
                float c = lattice(cx, cy + 1, period, seed),
                      d = lattice(cx + 1, cy + 1, period, seed);
                sum +=
                    amplitude * (a + (b - a) * u + (c - a) * v + (a - b - c + d) * u * v);
            }
            sum = 126 + sum;
            texture[y][x] = (uint8_t)(sum < 16 ? 16 : sum > 235 ? 235 : sum);
        }
}

static float texel(float x, float y)
{
    int x0 = (int)floorf(x), y0 = (int)floorf(y);
    float u = x - (float)x0, v = y - (float)y0;
    const uint8_t *top = texture[y0 & (SIDE - 1)],
                  *bottom = texture[(y0 + 1) & (SIDE - 1)];
    int left = x0 & (SIDE - 1), right = (x0 + 1) & (SIDE - 1);
    float a = (float)top[left] + (float)(top[right] - top[left]) * u;
    float b = (float)bottom[left] + (float)(bottom[right] - bottom[left]) * u;
    return a + (b - a) * v;
}

static void paint_plane(const struct rifec_frame *f, int plane, int step)
{
    int log2 = plane ? 1 : 0, w = (f->width + log2) >> log2,
        h = (f->height + log2) >> log2;
    float unit = (float)(1 << log2), contrast = plane ? 0.3f : 1;
    float disc_x = (float)f->width / 4 + 9 * (float)step,
          disc_y = (float)f->height / 2 + 2 * (float)step, radius = (float)f->height / 5;
#pragma omp parallel for schedule(static)
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            float px = (float)x * unit, py = (float)y * unit;
            float dx = px - disc_x, dy = py - disc_y;
            float shift = (float)(plane * 170);
            float v = dx * dx + dy * dy < radius * radius
                          ? texel(dx * 0.7f + 99 + shift, dy * 0.7f + 57)
                          : texel(px * 0.5f + 1.15f * (float)step + shift, py * 0.5f);
            v = plane ? 128 + (v - 126) * contrast : v;
            f->data[plane][y * f->stride[plane] + x] = (uint8_t)(v + 0.5f);
        }
}

void bench_paint(const struct rifec_frame *f, int step)
{
    if (texture[0][0] == 0)
        make_texture();
    for (int i = 0; i < 3; i++)
        paint_plane(f, i, step);
}
