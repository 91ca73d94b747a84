/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rings of output and the order in which they go out: what fits and what is lost, whole lines, turns,
 * names, and that nothing is lost or comes twice while harts put in and one takes out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "hyp/console/outmix.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#define RING 256

static struct outmix mix;
static struct outsource a, b;
static char ring_a[RING], ring_b[RING];
static unsigned int told;
static char out[1 << 20];
static size_t out_len;

static void on_room(struct outsource *s)
{
	(void)s;
	told++;
}

static void source(struct outsource *s, char *ring, const char *name)
{
	*s = (struct outsource){.name = name, .room = on_room};
	outring_init(&s->ring, ring, RING);
	assert_int_equal(outmix_add(&mix, s), OK);
}

static int setup(void **state)
{
	(void)state;
	outmix_init(&mix);
	source(&a, ring_a, "a");
	source(&b, ring_b, "b");
	told = 0;
	out_len = 0;
	return 0;
}

static size_t put(struct outsource *s, const char *text)
{
	size_t room, n = outring_put(&s->ring, text, strlen(text), 0, &room);

	if (s->shown)
		(void)outmix_notice(&mix, s);
	return n;
}

static void log_line(const char *text)
{
	(void)outring_put_whole(&mix.log.ring, text, strlen(text));
}

/* As a port with room for n bytes at a time does; up to most. */
static void take(size_t n, size_t most)
{
	const char *s;
	size_t len;

	while (most && (len = outmix_next(&mix, &s))) {
		len = min_u64(min_u64(len, n), most);
		memcpy(out + out_len, s, len);
		out_len += len;
		most -= len;
		outmix_sent(&mix, s, len);
	}
}

static void expect(const char *want)
{
	take(3, sizeof(out) - 1 - out_len);
	out[out_len] = 0;
	assert_string_equal(out, want);
	assert_false(outmix_pending(&mix));
	out_len = 0;
}

static void fill(struct outsource *s, char c, size_t n)
{
	char text[2] = {c};

	while (n--)
		assert_int_equal(put(s, text), 1);
}

static void test_bytes_pass(void **state)
{
	(void)state;
	outmix_show(&mix, &a, true);
	expect("");
	assert_int_equal(put(&a, "no end"), 6);
	expect("no end");
	put(&a, " and then\r\n");
	put(&b, "not shown\n");
	expect(" and then\r\n");
	assert_int_equal(outring_used(&b.ring), 10);
}

/* A ring with a reader takes what it has room for, and tells once there is a quarter. */
static void test_full(void **state)
{
	size_t room;

	(void)state;
	outmix_show(&mix, &a, true);
	fill(&a, 'x', RING - 4);
	assert_int_equal(put(&a, "123456"), 4);
	assert_int_equal(outring_put(&a.ring, "1", 1, 0, &room), 0);
	assert_int_equal(room, 0);
	take(1, RING / 4 - 1);
	assert_ptr_equal(outmix_take_due(&mix), NULL);
	take(1, 1);
	assert_ptr_equal(outmix_take_due(&mix), &a);
	assert_ptr_equal(outmix_take_due(&mix), NULL);
	take(1, 1000);
	assert_ptr_equal(outmix_take_due(&mix), NULL);
	assert_int_equal(out_len, RING);
	assert_memory_equal(out + RING - 5, "x1234", 5);
}

/* Room that is still enough for a FIFO is nothing to tell of. */
static void test_low(void **state)
{
	size_t room;

	(void)state;
	outmix_show(&mix, &a, true);
	fill(&a, 'x', RING - OUTRING_LOW - 1);
	assert_int_equal(outring_put(&a.ring, "y", 1, 0, &room), 1);
	assert_int_equal(room, OUTRING_LOW);
	take(1, 1000);
	assert_ptr_equal(outmix_take_due(&mix), NULL);
}

/* A loss is told of where it was, whatever comes before and after it; and once. */
static void test_loss_has_a_place(void **state)
{
	char text[RING + 64];

	(void)state;
	for (int names = 0; names < 2; names++) {
		setup(NULL);
		mix.names = names;
		outmix_show(&mix, &a, true);
		fill(&a, 'x', 100);
		outring_lose(&a.ring, 5);
		outring_lose(&a.ring, 2);
		take(3, 8 + (size_t)names * 5);
		put(&a, "y\n");
		take(64, 1000);
		out[out_len] = 0;
		snprintf(text, sizeof(text),
			 "xx\r\nlimen: VM a: 7 bytes of its output are lost\r\n%sy\n",
			 names ? "\r[a] " : "");
		assert_true(out_len > strlen(text));
		assert_string_equal(out + out_len - strlen(text), text);
		assert_false(outmix_pending(&mix));
	}
}

/* The last that a VM has written, too. */
static void test_loss_at_the_end(void **state)
{
	(void)state;
	outmix_show(&mix, &a, true);
	fill(&a, 'x', RING - 1);
	put(&a, "\n");
	outring_lose(&a.ring, 9);
	take(64, 1000);
	out[out_len] = 0;
	assert_string_equal(out + RING - 2, "x\nlimen: VM a: 9 bytes of its output are lost\r\n");
	assert_false(outmix_pending(&mix));
	put(&a, "z");
	out_len = 0;
	expect("z");
}

/* Who leaves some spare takes nothing of what another was told of. */
static void test_spare(void **state)
{
	char big[RING];
	size_t room;

	(void)state;
	memset(big, 'x', sizeof(big));
	outmix_show(&mix, &a, true);
	assert_int_equal(outring_put(&a.ring, big, RING, 16, &room), RING - 16);
	assert_int_equal(room, 16);
	assert_int_equal(outring_put(&a.ring, big, 1, 16, &room), 0);
	assert_int_equal(outring_put(&a.ring, big, 10, 0, &room), 10);
	assert_int_equal(outring_put(&a.ring, big, 1, 16, &room), 0);
	assert_int_equal(outring_put(&a.ring, big, 16, 0, &room), 6);
	assert_int_equal(outring_take_lost(&a.ring), 0);
}

/* Without a reader the newest stay, and what goes is counted. */
static void test_keeps(void **state)
{
	char big[RING + 10];

	(void)state;
	fill(&a, 'x', RING);
	assert_int_equal(put(&a, "the end"), 7);
	assert_int_equal(outring_used(&a.ring), RING);
	outmix_show(&mix, &a, true);
	assert_int_equal(outring_used(&a.ring), RING - OUTRING_LOW);
	take(64, 1000);
	out[out_len] = 0;
	assert_non_null(strstr(out, "limen: VM a: 23 bytes of its output are lost\r\nxxx"));
	assert_memory_equal(out + out_len - 8, "xthe end", 8);
	memset(big, 'z', sizeof(big));
	big[sizeof(big) - 1] = 0;
	put(&b, big);
	assert_int_equal(outring_used(&b.ring), RING);
	assert_int_equal(outring_unseen(&b.ring), RING + 9);
	assert_int_equal(outring_take_lost(&b.ring), 9);
	assert_int_equal(outring_take_lost(&b.ring), 0);
}

static void test_log_on_a_line_of_its_own(void **state)
{
	(void)state;
	outmix_show(&mix, &a, true);
	put(&a, "/ # ");
	take(1, 2);
	log_line("limen: one\r\n");
	log_line("limen: two\r\n");
	expect("/ # \r\nlimen: one\r\nlimen: two\r\n");
	put(&a, "ls\r\n");
	log_line("limen: three\r\n");
	expect("limen: three\r\nls\r\n");
	put(&a, "x");
	expect("x");
	log_line("limen: four\r\n");
	put(&a, "y");
	expect("\r\nlimen: four\r\ny");
}

/* A line of the log is in the ring whole or not at all. */
static void test_log_full(void **state)
{
	char line[] = "limen: a line of thirty-two bytes\r\n";
	unsigned int n = 0;

	(void)state;
	while (outring_put_whole(&mix.log.ring, line, strlen(line)))
		n++;
	log_line(line);
	assert_int_equal(n, OUTMIX_LOG / strlen(line));
	take(64, sizeof(out));
	out[out_len] = 0;
	assert_memory_equal(out, line, strlen(line));
	assert_memory_equal(out + out_len - 41, "limen: 2 lines of the log are lost here\r\n", 41);
	assert_false(outmix_pending(&mix));
}

static void test_names(void **state)
{
	(void)state;
	mix.names = true;
	outmix_show(&mix, &a, true);
	outmix_show(&mix, &b, true);
	put(&a, "one ");
	put(&b, "two\n");
	expect("\r[b] two\n");
	put(&a, "line\nand");
	put(&b, "an");
	put(&b, "other\n");
	expect("\r[a] one line\n\r[b] another\n");
	log_line("limen: mine\r\n");
	expect("limen: mine\r\n");
}

/* What is no line goes out when it has stood for a while, and its rest has the name once more. */
static void test_names_and_prompts(void **state)
{
	(void)state;
	mix.names = true;
	outmix_show(&mix, &a, true);
	outmix_show(&mix, &b, true);
	put(&a, "login: ");
	outmix_age(&mix);
	expect("");
	outmix_age(&mix);
	expect("\r[a] login: ");
	put(&b, "hello\n");
	expect("\r\n\r[b] hello\n");
	put(&a, "root\n");
	expect("\r[a] root\n");
	put(&a, "pass");
	outmix_age(&mix);
	put(&a, "word");
	outmix_age(&mix);
	expect("");
	fill(&a, 'x', OUTRING_LINE - 8 - 5);
	assert_false(outmix_pending(&mix));
	fill(&a, 'x', 5);
	take(64, 10);
	assert_memory_equal(out, "\r[a] passw", 10);
}

/* One that floods, with lines or without, lets the others have every second turn. */
static void test_turns(void **state)
{
	(void)state;
	for (int names = 0; names < 2; names++) {
		size_t of_b = 0;

		setup(NULL);
		mix.names = names;
		outmix_show(&mix, &a, true);
		outmix_show(&mix, &b, true);
		fill(&a, 'A', RING);
		for (int i = 0; i < 100; i++) {
			put(&b, "b\n");
			take(16, 40);
			put(&a, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
		}
		for (size_t i = 0; i < out_len; i++)
			of_b += out[i] == 'b';
		assert_true(of_b > 10);
		assert_true(memchr(out, 'b', OUTMIX_RUN + 32));
	}
}

static void test_remove(void **state)
{
	(void)state;
	mix.names = true;
	outmix_show(&mix, &a, true);
	outmix_show(&mix, &b, true);
	put(&a, "one\ntwo\n");
	put(&b, "three\n");
	take(1, 6); /* in the middle of a's turn */
	outmix_remove(&mix, &a);
	expect("\r[a] o\r\n\r[b] three\n");
	put(&a, "more\n");
	assert_false(outmix_pending(&mix));
	(void)outmix_notice(&mix, &a); /* too late, and holds up nobody */
	put(&b, "four\n");
	expect("\r[b] four\n");
	source(&a, ring_a, "again");
	outmix_show(&mix, &a, true);
	put(&a, "x\n");
	expect("\r[again] x\n");
}

static void test_many(void **state)
{
	static struct outsource s[OUTMIX_SOURCES];
	static char rings[OUTMIX_SOURCES][RING];

	(void)state;
	outmix_init(&mix);
	for (unsigned int i = 0; i < OUTMIX_SOURCES; i++) {
		source(&s[i], rings[i], "many");
		outmix_show(&mix, &s[i], true);
	}
	assert_int_equal(outmix_add(&mix, &a), ERR_NOMEM);
	for (unsigned int i = 0; i < OUTMIX_SOURCES; i++)
		put(&s[OUTMIX_SOURCES - 1 - i], "x");
	take(1, 1000);
	assert_int_equal(out_len, OUTMIX_SOURCES);
}

/* ---- harts at once ---------------------------------------------------------------------------- */

#define HARTS 4
#define LINES 3000

static struct spinlock lock = SPINLOCK_INIT("test");
static unsigned int done;

static void put_lines(unsigned int hart)
{
	struct outsource *s = hart == 1 ? &a : &b;
	char line[32];

	for (unsigned int i = 0; i < LINES; i++) {
		size_t n = (size_t)snprintf(line, sizeof(line), "%u %u\n", hart, i), at = 0, room;

		while (at < n) {
			at += outring_put(&s->ring, line + at, n - at, 0, &room);
			(void)outmix_notice(&mix, s);
			if (at < n)
				sched_yield();
		}
	}
	__atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
}

static void put_log(void)
{
	for (unsigned int i = 0; i < LINES; i++) {
		while (outring_used(&mix.log.ring) > OUTMIX_LOG / 2)
			sched_yield();
		log_line("limen: a line\r\n");
	}
	__atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
}

static void take_all(void)
{
	bool last;

	do {
		last = __atomic_load_n(&done, __ATOMIC_ACQUIRE) == HARTS - 1;
		spin_lock(&lock);
		take(16, 64);
		spin_unlock(&lock);
		if (!outmix_pending(&mix))
			sched_yield();
	} while (!last || outmix_pending(&mix));
}

static void at_once(unsigned int hart)
{
	if (hart == 0)
		take_all();
	else if (hart == HARTS - 1)
		put_log();
	else
		put_lines(hart);
}

static void test_harts(void **state)
{
	unsigned int next[HARTS] = {0}, logged = 0, hart, i;

	(void)state;
	mix.names = true;
	outmix_show(&mix, &a, true);
	outmix_show(&mix, &b, true);
	done = 0;
	host_harts_run(HARTS, at_once);
	out[out_len] = 0;
	for (char *p = out; *p; p = strchr(p, '\n') + 1) {
		assert_non_null(strchr(p, '\n'));
		if (!strncmp(p, "limen: a line\r\n", 15)) {
			logged++;
			continue;
		}
		assert_true(!strncmp(p, "\r[a] 1", 6) || !strncmp(p, "\r[b] 2", 6));
		assert_int_equal(sscanf(p + 5, "%u %u", &hart, &i), 2);
		assert_int_equal(i, next[hart]++);
	}
	assert_int_equal(logged, LINES);
	assert_int_equal(next[1], LINES);
	assert_int_equal(next[2], LINES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_bytes_pass, setup),
		cmocka_unit_test_setup(test_full, setup),
		cmocka_unit_test_setup(test_low, setup),
		cmocka_unit_test_setup(test_loss_has_a_place, setup),
		cmocka_unit_test_setup(test_loss_at_the_end, setup),
		cmocka_unit_test_setup(test_spare, setup),
		cmocka_unit_test_setup(test_keeps, setup),
		cmocka_unit_test_setup(test_log_on_a_line_of_its_own, setup),
		cmocka_unit_test_setup(test_log_full, setup),
		cmocka_unit_test_setup(test_names, setup),
		cmocka_unit_test_setup(test_names_and_prompts, setup),
		cmocka_unit_test_setup(test_turns, setup),
		cmocka_unit_test_setup(test_remove, setup),
		cmocka_unit_test_setup(test_many, setup),
		cmocka_unit_test_setup(test_harts, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
