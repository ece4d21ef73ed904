/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/**
 * @file
 * @brief   What RIOT's native64 does not save when a signal interrupts a thread
 *
 * A signal handler of RIOT's lets the interrupted thread go on in `_native_sig_leave_tramp` (cpu/native/native.S), which
 * pushes the general registers and switches to the context of interrupts, and from there perhaps to another thread.
 * On x86-64 (RIOT 2026.07) it overwrites the 128 bytes below the stack pointer, which belong to a function that calls
 * no other (System V ABI, 3.2.2), calls C functions with the stack aligned as it happens to be (the ABI: to 16), and
 * does not save the vector registers. The interrupted code then goes on with wrong values: verifications fail,
 * interpreters crash. With many signals a signature fails to verify within seconds.
 *
 * This takes its place (`--wrap` in Makefile.include).
 */

#if defined(CPU_NATIVE) && defined(__x86_64__)

#include <stdint.h>

/* Whether the processor and the system have XSAVE for the registers of AVX; else FXSAVE saves those of SSE. */
__attribute__((used)) static uint8_t has_avx;

__attribute__((constructor)) static void look_for_avx(void)
{
    __builtin_cpu_init();
    has_avx = __builtin_cpu_supports("avx") != 0;
}

/* 3,072 bytes: x87, SSE, AVX and AVX-512 (bits 0xe7) take 2,696 in XSAVE's standard format. Its header, at 512, has to
 * be 0 before. rbp is kept by swapcontext. */
__asm__(
    ".text\n"
    ".globl __wrap__native_sig_leave_tramp\n"
    "__wrap__native_sig_leave_tramp:\n"
    "    leaq    -128(%rsp), %rsp\n"
    "    pushq   _native_user_fptr(%rip)\n"
    "    pushfq\n"
    "    pushq   %rax\n"
    "    pushq   %rcx\n"
    "    pushq   %rdx\n"
    "    pushq   %rbx\n"
    "    pushq   %rbp\n"
    "    pushq   %rsi\n"
    "    pushq   %rdi\n"
    "    pushq   %r8\n"
    "    pushq   %r9\n"
    "    pushq   %r10\n"
    "    pushq   %r11\n"
    "    pushq   %r12\n"
    "    pushq   %r13\n"
    "    pushq   %r14\n"
    "    pushq   %r15\n"
    "    cld\n"
    "    movq    %rsp, %rbp\n"
    "    subq    $3072, %rsp\n"
    "    andq    $-64, %rsp\n"
    "    cmpb    $0, has_avx(%rip)\n"
    "    je      1f\n"
    "    leaq    512(%rsp), %rdi\n"
    "    xorl    %eax, %eax\n"
    "    movl    $8, %ecx\n"
    "    rep stosq\n"
    "    movl    $0xe7, %eax\n"
    "    xorl    %edx, %edx\n"
    "    xsave64 (%rsp)\n"
    "    jmp     2f\n"
    "1:  fxsave64 (%rsp)\n"
    "2:  movq    _native_isr_context(%rip), %rsi\n"
    "    movq    _native_current_context(%rip), %rdi\n"
    "    call    swapcontext\n"
    "    call    irq_enable\n"
    "    cmpb    $0, has_avx(%rip)\n"
    "    je      3f\n"
    "    movl    $0xe7, %eax\n"
    "    xorl    %edx, %edx\n"
    "    xrstor64 (%rsp)\n"
    "    jmp     4f\n"
    "3:  fxrstor64 (%rsp)\n"
    "4:  movl    $0, _native_in_isr(%rip)\n"
    "    movq    %rbp, %rsp\n"
    "    popq    %r15\n"
    "    popq    %r14\n"
    "    popq    %r13\n"
    "    popq    %r12\n"
    "    popq    %r11\n"
    "    popq    %r10\n"
    "    popq    %r9\n"
    "    popq    %r8\n"
    "    popq    %rdi\n"
    "    popq    %rsi\n"
    "    popq    %rbp\n"
    "    popq    %rbx\n"
    "    popq    %rdx\n"
    "    popq    %rcx\n"
    "    popq    %rax\n"
    "    popfq\n"
    "    ret     $128\n");

#else
typedef int tinycontainer_nothing_here;
#endif
