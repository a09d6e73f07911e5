// SPDX-License-Identifier: BSD-2-Clause
#include "sweep.h"

#include <array>
#include <bpf/bpf.h>
#include <cerrno>
#include <cstring>
#include <linux/bpf.h>
#include <memory>
#include <sys/mman.h>

#include "bpf/sweep_entry.h"

namespace nfup::statemaps {

namespace {

struct Unmap {
	std::size_t size;
	void operator()(void* memory) const { munmap(memory, size); }
};
using Memory = std::unique_ptr<void, Unmap>;

Result<Memory> map_memory(int fd, std::size_t size)
{
	void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return fail_errno(errno, "cannot map a map of the sweeper");
	return Memory(memory, Unmap{size});
}

// The keys that are waiting, and the runs of the program over them.
class Batch {
public:
	Batch(int program, Memory keys, Memory control, std::size_t key_size)
	    : program_(program), keys_(std::move(keys)), control_(std::move(control)), key_size_(key_size)
	{
	}

	bool full() const { return count_ == NFUP_SWEEP_ROOM; }
	void add(const std::uint8_t* key)
	{
		const std::size_t stride = (key_size_ + 7) / 8 * 8;
		std::memcpy(static_cast<std::uint8_t*>(keys_.get()) + count_++ * stride, key, key_size_);
	}

	Result<nfup_sweep> run(bool drop_doubles)
	{
		auto* control = static_cast<volatile nfup_sweep*>(control_.get());
		const nfup_sweep start{.count = count_, .drop_doubles = drop_doubles};
		std::memcpy(control_.get(), &start, sizeof start);
		const std::array<std::uint8_t, 64> frame{}; // the program does not look at it
		while (control->next < control->count) {
			const std::uint32_t left = control->count - control->next;
			LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_size_in = frame.size(),
				    .repeat = static_cast<int>((left + NFUP_SWEEP_KEYS - 1) / NFUP_SWEEP_KEYS));
			// A signal ends it between two runs.
			if (bpf_prog_test_run_opts(program_, &options) != 0 && errno != EINTR && errno != EAGAIN)
				return fail_errno(errno, "the kernel does not run the sweeper");
		}
		count_ = 0;
		nfup_sweep done{};
		std::memcpy(&done, control_.get(), sizeof done);
		return done;
	}

private:
	int program_;
	Memory keys_, control_;
	std::size_t key_size_;
	std::uint32_t count_ = 0;
};

} // namespace

Result<Swept> sweep(const Sweeper& sweeper, const Table& old, const std::function<Result<void>()>& settled,
		    const SweepProgress& progress)
{
	const std::size_t key_size = old.schema.key_size;
	auto keys = map_memory(sweeper.keys, (key_size + 7) / 8 * 8 * NFUP_SWEEP_ROOM);
	auto control = map_memory(sweeper.control, sizeof(nfup_sweep));
	if (!keys)
		return pass(keys);
	if (!control)
		return pass(control);
	Batch batch(sweeper.program, std::move(*keys), std::move(*control), key_size);
	Swept swept;
	for (bool first = true;; first = false) {
		std::uint64_t found = 0, gone = 0, doubles = 0;
		const auto run = [&]() -> Result<bool> {
			auto done = batch.run(!first);
			if (!done)
				return pass(done);
			swept.moved += done->moved;
			swept.stayed += done->full;
			gone += done->moved;
			doubles += done->there;
			swept.stopped = progress && !progress(swept);
			return !swept.stopped;
		};
		swept.stayed = 0;
		auto walked = walk(old, [&](const std::uint8_t* key, const std::uint8_t*) -> Result<bool> {
			found++;
			swept.seen += first;
			batch.add(key);
			return batch.full() ? run() : Result<bool>(true);
		});
		if (!walked)
			return pass(walked);
		if (swept.stopped || found == 0)
			return swept;
		if (auto last = run(); !last)
			return pass(last);
		// What neither moved nor stays a packet has settled.
		if (swept.stopped || (swept.stayed && gone == 0 && doubles == 0))
			return swept;
		if (auto waited = settled(); !waited)
			return pass(waited);
	}
}

} // namespace nfup::statemaps
