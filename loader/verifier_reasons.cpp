// SPDX-License-Identifier: BSD-2-Clause
#include "verifier_reasons.h"

#include <regex>

namespace nfup::loader {

namespace {

struct Rule {
	const char* words;  // regular expression on the verifier's messages
	const char* reason; // may use $1, $2 …
	const char* mend;
};

constexpr const char* ask_at =
    "ask for all the bytes before using them: `T *x = at(ctx, offset, size); if (!x) return DROP(TRUNCATED);`";
constexpr const char* test_null = "test it first: `if (!x) return DROP(…);`, on every path to this line";
constexpr const char* bound_index =
    "compare it with a constant just before, and use that same variable: `if (i >= sizeof(a)) return DROP(…);` "
    "(an unsigned one; when the compiler drops the comparison: `asm volatile(\"\" : \"+r\"(i));` in front of it)";
constexpr const char* smaller =
    "fewer steps: a smaller constant bound for the loop, `bpf_loop()`, or a functionality "
    "(lib/NAME.bpf.c) whose global function is verified once; or split the class into two nodes";
constexpr const char* less_stack =
    "make local arrays smaller, or keep them in the packet context or in an atom's per-CPU map; a path may use 512 "
    "bytes of stack, 256 where a called function ends in NEXT()";
constexpr const char* keep_pointers =
    "pointers may only be moved forward by numbers with a known bound: compute the offset as a number, then at()";

// The first that fits is taken: the special before the general.
const Rule rules[] = {
    {"invalid access to packet, off=(-?\\d+) size=(\\d+), R\\d+\\(id=\\d+,off=-?\\d+,r=0\\)",
     "no check says that the frame is long enough here", ask_at},
    {"invalid access to packet, off=(-?\\d+) size=(\\d+), R\\d+\\(id=\\d+,off=-?\\d+,r=(\\d+)\\)",
     "only $3 bytes are checked, and this uses $2 at offset $1", ask_at},
    {"invalid access to packet", "these bytes may lie outside of the frame", ask_at},
    {"(helper access to the packet is not allowed)", "this helper cannot work on bytes of the frame",
     "copy the bytes into a local variable first"},
    {"invalid access to map value, value_size=(\\d+) off=(-?\\d+) size=(\\d+)",
     "this may reach byte $2 of a value of $1 bytes (struct pkt, a map's value, or a constant array)", bound_index},
    {"invalid access to (?:memory|map key), \\w+_size=(\\d+) off=(-?\\d+) size=(\\d+)", "this may reach byte $2 of $1",
     bound_index},
    {"R\\d+ unbounded memory access, use 'var &= const'", "this length has no upper bound",
     "compare it with a constant first: `if (length > 64) return DROP(…);`"},
    {"R\\d+ (?:min value is negative|unbounded memory access)|R\\d+ m(?:in|ax) value is outside of",
     "this index or offset has no bound that the verifier can see", bound_index},
    {"invalid zero-sized read", "this length may be 0", "test it first: `if (!length) …`"},
    {"math between (\\w+) pointer and register with unbounded m\\w+ value",
     "what is added to this $1 pointer may be any number",
     "compare it with a constant first, as an unsigned number of 32 bits; for bytes of the frame use at()"},
    {"math between (\\w+) pointer and (-?\\d+)|value (-?\\d+) makes (\\w+) pointer be out of bounds",
     "what is added to this pointer is too large", "offsets stay below 2^29: compare it with a smaller constant first"},
    {"R\\d+ pointer arithmetic on (\\w+)_or_null.* prohibited|R\\d+ invalid mem access '\\w*(?:or_null_?)'",
     "this pointer may be NULL here", test_null},
    {"R\\d+ invalid mem access '(?:scalar|inv)'", "this is a number to the verifier, not a pointer",
     "test for NULL what at() or a look-up returns; ask again with at() after bpf_xdp_adjust_head() or _tail(), "
     "which end all pointers into the frame; do not keep pointers in maps or in numbers"},
    {"R\\d+ invalid mem access '(\\w+)'", "memory of kind '$1' cannot be used this way here",
     "use at() for bytes of the frame, `p` for the packet context, look-ups for state"},
    {"At program exit the register R0|R0 leaks addr as return value",
     "the program ends with a value that is no verdict", "end every path in NEXT(i), DROP(REASON) or an XDP verdict"},
    {"R0 !read_ok", "some path ends, or goes on, without a value being returned",
     "end every path in NEXT(i), DROP(REASON) or an XDP verdict; a function must return a value on each path"},
    {"R([1-5]) !read_ok", "a variable is read that this path has not written",
     "give the variable a value where it is declared; registers 1 to 5 do not survive a call in inline assembly"},
    {"R\\d+ !read_ok", "a variable is read that this path has not written",
     "give the variable a value where it is declared"},
    {"invalid (?:indirect )?(?:read|access) (?:from|to) stack|invalid read from stack",
     "some bytes of this local variable were never written, padding perhaps",
     "set it whole where it is declared, `struct key k = {};`, and leave no padding in structs"},
    {"invalid (?:write to|variable-offset \\w+ \\w+) stack|invalid stack type|invalid unbounded variable-offset",
     "this reaches outside of a local variable", bound_index},
    {"BPF program is too large. Processed (\\d+) insn", "too much to verify: more than $1 steps over all paths",
     smaller},
    {"sequence of (\\d+) jumps is too complex|too many states|too complex", "too many paths to verify", smaller},
    {"infinite loop detected|back-edge from insn", "a loop for which no end can be proven",
     "give it a constant bound: `for (int i = 0; i < 16; i++) { if (done) break; … }`, or use `bpf_loop()`"},
    {"unreachable insn", "there is code that no path comes to", "remove it; it stems from inline assembly, mostly"},
    {"jump out of range|last insn is not an exit|fall through", "the code runs past its end",
     "return a value at the end of every function, after endless loops too"},
    {"tail_calls are not allowed when call stack of previous frames is (\\d+) bytes",
     "$1 bytes of stack are in use where a called function ends in NEXT()", less_stack},
    {"combined stack size of (\\d+) calls is (\\d+)", "$1 functions that call each other need $2 bytes of stack",
     less_stack},
    {"(?:call stack of (\\d+) frames is too deep|too many nested calls|recursive)",
     "functions call each other too deeply", "at most 8 deep, no recursion"},
    {"stack depth|stack limit", "too much stack is used", less_stack},
    {"tail_call would lead to reference leak",
     "a socket, lock or other reference that was taken is still held at NEXT()",
     "give it back on every path before the packet goes on: `bpf_sk_release(sk)` and the like"},
    {"Unreleased reference|reference leak|BPF_EXIT instruction.*would lead|lock is missing|"
     "(?:bpf_spin_lock|bpf_rcu_read_lock|bpf_preempt_disable)[^\\n]*(?:missing|region)",
     "what is taken here is not given back on every path",
     "give it back on every path, errors included: `bpf_sk_release(sk)`, `bpf_spin_unlock(&lock)` and the like"},
    {"cannot call GPL|GPL[- ]restricted|from non-GPL", "this helper is for programs under a GPL licence only",
     "NFUP_MODULE and NFUP_ATOM declare \"Dual BSD/GPL\": leave LICENSE to them"},
    {"program of this type cannot use helper (\\w+)", "XDP programs may not call $1",
     "use another helper; bpf-helpers(7) says which programs may call which"},
    {"(?:unknown|invalid) func (\\w+)#(\\d+)", "this kernel has no helper $1 for XDP programs",
     "use another helper; bpf-helpers(7) says which programs may call which, and `nfup doctor` what this kernel has"},
    {"calling kernel function (\\w+) is not allowed|kernel function.* is not allowed|cannot find address for kernel function",
     "XDP programs of this kernel may not call this kernel function", "use a helper instead, or a newer kernel"},
    {"expected prog array map for tail call|cannot pass map_type (\\d+) into func bpf_tail_call|tail_call abusing map_ptr",
     "this jump goes through a map that is no prog array", "leave jumps to NEXT(i): it uses the NF's own slots"},
    {"cannot pass map_type (\\d+) into func (\\w+)", "$2 cannot work on a map of this type",
     "bpf-helpers(7) says which maps a helper takes; NFUP_STATE names the type"},
    {"mixing of tail_calls and bpf-to-bpf calls", "this kernel cannot combine NEXT() with function calls here",
     "make the function `static __always_inline`"},
    {"R(\\d+) type=(\\w+) expected=([^\\n]*)", "argument $1 of this call is of kind '$2', but the call takes: $3",
     "pass an address: `&key`, of a local variable or of a field of `p`; test for NULL first what may be NULL"},
    {"arg#(\\d+) [^\\n]*|Caller passes invalid args into func#(\\d+)",
     "an argument of this function call does not fit the function's type",
     "pass `ctx`, numbers, or pointers to structs that were tested for NULL"},
    {"dereference of modified (\\w+) ptr|variable (\\w+) access var_off", "this pointer was moved before it is used",
     "use fields by their names: `ctx->data`, `p->cursor`"},
    {"invalid bpf_context access off=(\\d+) size=(\\d+)",
     "struct xdp_md has no field of $2 bytes at offset $1 to use so",
     "use fields by their names: data, data_end, ingress_ifindex, rx_queue_index; they are of 32 bits, read only"},
    {"write into map forbidden|cannot write into rdonly|read only|cannot write into map",
     "this writes to a constant: a parameter (NFUP_PARAM), a table (NFUP_TABLE) or a `const`",
     "keep what changes in the packet context `p`, or in an atom's state"},
    {"read from map forbidden", "this map cannot be read by programs", "remove BPF_F_WRONLY_PROG from the map"},
    {"misaligned (\\w+) access", "an access that is not aligned to its size",
     "read it byte by byte, or align the offset"},
    {"R\\d+ (?:bitwise operator|pointer arithmetic|32-bit pointer arithmetic|pointer (?:\\S+) pointer|tried to|subtract|"
     "leaks|pointer comparison|partial|has pointer)[^\\n]*|pointer -= pointer|addition of[^\\n]*pointer",
     "pointers are computed with as if they were numbers", keep_pointers},
    {"div(?:ision)? by zero|BPF_ALU uses reserved", "a division by a constant 0, or an instruction the kernel lacks",
     "test the divisor for 0; signed division and the like need -mcpu=v4 and kernel 6.6"},
    {"unknown opcode|reserved fields", "this kernel does not know the instruction",
     "leave out inline assembly that needs a newer kernel"},
    {"bpf_spin_lock|bpf_timer|kptr", "a special field (lock, timer, kernel pointer) is used as the kernel forbids",
     "such fields belong into a map's value and are passed by address; the verifier's words say which rule"},
    {"(?:BTF|btf_vmlinux|func_info|line_info|Invalid (?:name|type|member|kind))",
     "the kernel does not accept the type information (BTF) of the object",
     "compile with the clang that `nfup doctor` names; drop attributes and types newer than this kernel"},
};

} // namespace

Explanation explain(const std::string& said)
{
	for (const Rule& rule : rules) {
		std::smatch match;
		if (std::regex_search(said, match, std::regex(rule.words)))
			return {match.format(rule.reason), rule.mend};
	}
	return {said.substr(0, said.find('\n')), ""};
}

} // namespace nfup::loader
