/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What limen asks of the compiler, by name.
 *
 * noinstr is for functions that run while RCU is not watching: no sanitizer, no stack protector,
 * no -finstrument-functions hook, in a section of their own, where a checker can find it in
 * the linked image (jump tables are off everywhere: -fno-jump-tables). gcc puts the hooks of an *inlined* callee into its caller, so every accessor
 * used there is __window (always inlined, never instrumented).
 */
#ifndef LIB_COMPILER_H
#define LIB_COMPILER_H

/* The C library's headers have some of these names too. */
#undef __always_inline
#undef __packed
#undef __unused
#undef __aligned
#undef __section
#undef __weak
#undef __printf
#define __always_inline inline __attribute__((always_inline))
#define __must_check	__attribute__((warn_unused_result))
#define __noreturn	__attribute__((noreturn))
#define __packed	__attribute__((packed))
#define __unused	__attribute__((unused))
#define __cold		__attribute__((cold, noinline))
#define __aligned(n)	__attribute__((aligned(n)))
#define __section(s)	__attribute__((section(s)))
#define __printf(f, a)	__attribute__((format(printf, f, a)))
#define __weak		__attribute__((weak))

#if defined(__no_sanitize) /* by who wants all of it: arch/host/weak */
#elif defined(__clang__)
#define __no_sanitize __attribute__((no_sanitize("address", "thread", "undefined", "coverage")))
#else
#define __no_sanitize \
	__attribute__((no_sanitize_address, no_sanitize_thread, no_sanitize_undefined))
#endif

#define __no_instrument __attribute__((no_instrument_function, no_stack_protector)) __no_sanitize

#define noinstr	 __attribute__((noinline, section(".noinstr.text"))) __no_instrument
#define __window static __always_inline __no_instrument

#ifndef LIMEN_DEBUG
#define LIMEN_DEBUG 0
#endif

/*
 * Marks for tools/check-noinstr: an address and what begins there, in a section that is in the ELF
 * file and not in the image. They cost no instruction, but for a nop in debug builds: without one a
 * mark at the end of a conditional block has the address of what follows the block.
 */
#define code_mark(kind)                                                    \
	__asm__ __inline__ volatile("991:\n\t.if %c1\n\tnop\n\t.endif\n\t" \
				    ".pushsection .limen.marks,\"R\"\n\t"  \
				    ".8byte 991b, %c0 + 16 * %c1\n\t"      \
				    ".popsection" ::"i"(kind),             \
				    "i"(LIMEN_DEBUG)                       \
				    : "memory")

/* Between these two, noinstr code may call code that is not: RCU is watching there. On every path;
 * they do not nest. */
#define instrumentation_begin() code_mark(1)
#define instrumentation_end()	code_mark(2)

/* RCU does not watch from here on; RCU watches here, or has been found to. Between the two only
 * code in .noinstr.text runs. rcu/ alone places them, and who asks rcu_watching(). */
#define window_opens()	code_mark(3)
#define window_closed() code_mark(4)

/* Here a pointer is read that RCU protects: not between the two above. It orders nothing, and keeps no
 * function in the image that nobody calls. */
#define rcu_pointer_read()                                                                         \
	__asm__ __inline__ volatile(".Lpointer%=:\n\t.if %c0\n\tnop\n\t.endif\n\t"                 \
				    ".pushsection .limen.pointers,\"o\",@progbits,.Lpointer%=\n\t" \
				    ".8byte .Lpointer%=, 5 + 16 * %c0\n\t"                         \
				    ".popsection" ::"i"(LIMEN_DEBUG))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define barrier()   __asm__ volatile("" ::: "memory")

#define READ_ONCE(x)	 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#endif
