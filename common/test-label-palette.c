/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The labels can be told apart: CIEDE2000 between all pairs, as seen with normal sight and with
 * each of the three simulated colour deficiencies (Machado, Oliveira and Fernandes 2009, severity
 * 1). Labels that come close in any of them must not share a pattern.
 */
#include "common/label.h"

#include <glib.h>
#include <math.h>

#define NORMAL_MIN       9.0  /* colours of two labels, normal sight */
#define SAME_PATTERN_MIN 15.0 /* two labels with one pattern, in the worst sight */

struct lab {
	double l, a, b;
};

enum { NORMAL, PROTAN, DEUTAN, TRITAN, SIGHTS };

static const double sight[SIGHTS][9] = {
	[NORMAL] = {1, 0, 0, 0, 1, 0, 0, 0, 1},
	[PROTAN] = {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882,
		-0.048116, 1.051998},
	[DEUTAN] = {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820,
		0.042940, 0.968881},
	[TRITAN] = {1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733,
		0.691367, 0.303900},
};

static double linear(uint32_t channel) {
	double c = channel / 255.0;

	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double lab_f(double t) {
	return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

/* sRGB to CIE L*a*b*, D65. */
static struct lab seen(uint32_t rgb, const double m[9]) {
	double in[3] = {linear(rgb >> 16 & 0xff), linear(rgb >> 8 & 0xff), linear(rgb & 0xff)},
	       c[3];
	double x, y, z;

	for (int i = 0; i < 3; i++)
		c[i] = CLAMP(
			m[3 * i] * in[0] + m[3 * i + 1] * in[1] + m[3 * i + 2] * in[2], 0.0, 1.0);
	x = (0.4124564 * c[0] + 0.3575761 * c[1] + 0.1804375 * c[2]) / 0.95047;
	y = 0.2126729 * c[0] + 0.7151522 * c[1] + 0.0721750 * c[2];
	z = (0.0193339 * c[0] + 0.1191920 * c[1] + 0.9503041 * c[2]) / 1.08883;
	return (struct lab){
		116 * lab_f(y) - 16, 500 * (lab_f(x) - lab_f(y)), 200 * (lab_f(y) - lab_f(z))};
}

static double degrees(double b, double a) {
	double h = a == 0 && b == 0 ? 0 : atan2(b, a) * 180 / G_PI;

	return h < 0 ? h + 360 : h;
}

static double radians(double d) {
	return d * G_PI / 180;
}

/* Luo, Cui and Rigg 2001; checked below against the test data of Sharma, Wu and Dalal 2005. */
static double ciede2000(struct lab p, struct lab q) {
	double c = (hypot(p.a, p.b) + hypot(q.a, q.b)) / 2;
	double g = 0.5 * (1 - sqrt(pow(c, 7) / (pow(c, 7) + pow(25, 7))));
	double a1 = (1 + g) * p.a, a2 = (1 + g) * q.a, c1 = hypot(a1, p.b), c2 = hypot(a2, q.b);
	double h1 = degrees(p.b, a1), h2 = degrees(q.b, a2), dh = h2 - h1, hm = (h1 + h2) / 2;
	double lm = (p.l + q.l) / 2, cm = (c1 + c2) / 2, t, sl, sc, sh, rt, dl, dc, dhh;

	if (c1 * c2 == 0) {
		dh = 0;
		hm = h1 + h2;
	} else if (fabs(h2 - h1) > 180) {
		dh += h2 > h1 ? -360 : 360;
		hm += h1 + h2 < 360 ? 180 : -180;
	}
	t = 1 - 0.17 * cos(radians(hm - 30)) + 0.24 * cos(radians(2 * hm)) +
	    0.32 * cos(radians(3 * hm + 6)) - 0.20 * cos(radians(4 * hm - 63));
	sl = 1 + 0.015 * pow(lm - 50, 2) / sqrt(20 + pow(lm - 50, 2));
	sc = 1 + 0.045 * cm;
	sh = 1 + 0.015 * cm * t;
	rt = -2 * sqrt(pow(cm, 7) / (pow(cm, 7) + pow(25, 7))) *
	     sin(radians(60 * exp(-pow((hm - 275) / 25, 2))));
	dl = (q.l - p.l) / sl;
	dc = (c2 - c1) / sc;
	dhh = 2 * sqrt(c1 * c2) * sin(radians(dh) / 2) / sh;
	return sqrt(dl * dl + dc * dc + dhh * dhh + rt * dc * dhh);
}

static void test_formula(void) {
	static const struct {
		struct lab p, q;
		double want;
	} known[] = {
		{{50, 2.6772, -79.7751}, {50, 0, -82.7485}, 2.0425},
		{{50, 0, 0}, {50, -1, 2}, 2.3669},
		{{50, 2.5, 0}, {73, 25, -18}, 27.1492},
		{{60.2574, -34.0099, 36.2677}, {60.4626, -34.1751, 39.4387}, 1.2644},
		{{2.0776, 0.0795, -1.1350}, {0.9033, -0.0636, -0.5514}, 0.9082},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
		g_assert_cmpfloat_with_epsilon(
			ciede2000(known[i].p, known[i].q), known[i].want, 0.0002);
}

static double worst(uint32_t a, uint32_t b) {
	double least = INFINITY;

	for (int s = 0; s < SIGHTS; s++)
		least = fmin(least, ciede2000(seen(a, sight[s]), seen(b, sight[s])));
	return least;
}

static void test_pairs(void) {
	for (size_t i = 0; i < label_count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct label *a = &labels[i], *b = &labels[j];
			double normal = ciede2000(
				seen(a->rgb, sight[NORMAL]), seen(b->rgb, sight[NORMAL]));

			g_test_message("%s, %s: %.1f normal, %.1f worst", a->name, b->name, normal,
				worst(a->rgb, b->rgb));
			g_assert_cmpfloat(normal, >=, NORMAL_MIN);
			if (a->pattern == b->pattern)
				g_assert_cmpfloat(worst(a->rgb, b->rgb), >=, SAME_PATTERN_MIN);
		}
	}
}

static void test_enough(void) {
	g_assert_cmpuint(label_count, >=, 12);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/label-palette/formula", test_formula);
	g_test_add_func("/label-palette/pairs", test_pairs);
	g_test_add_func("/label-palette/enough", test_enough);
	return g_test_run();
}
