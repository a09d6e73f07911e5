// SPDX-License-Identifier: BSD-2-Clause
// Where an NF lives: its folder of pins in bpffs and its folder of records on
// disk (DESIGN: "On disk"). Reads and writes the records; holds the lock.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "intent/result.h"
#include "loader/fd.h"
#include "records.h"

namespace nfup::upgrade {

struct Folders {
	std::filesystem::path bpffs = "/sys/fs/bpf/nfup";
	std::filesystem::path state = "/var/lib/nfup";
	std::filesystem::path cache = "/var/cache/nfup";
};

class Store {
public:
	// Error (kind intent): a name that is no plain file name.
	static Result<Store> open(const Folders& folders, const std::string& nf);

	const std::string& nf() const { return nf_; }
	std::filesystem::path pins() const { return pins_; }
	std::filesystem::path records() const { return records_; }
	std::filesystem::path generation_pins(int number) const;
	std::filesystem::path draft_pins(int number) const; // until the commit
	std::filesystem::path state_pin(const std::string& atom) const;
	std::filesystem::path draft_state_pin(const std::string& atom) const;
	std::filesystem::path scratch_pins() const; // see scratch_pins.h
	std::filesystem::path link_pin(const std::string& port) const;
	std::filesystem::path ingress_pin() const;
	std::filesystem::path hosted_pin(const std::string& port) const;
	std::filesystem::path hosted_array_pin(const std::string& port, const std::string& map) const;

	bool exists() const;

	// One writer per NF. Held until the returned fd closes; a dead holder's lock
	// is free. Error (kind refused): names the holder's pid and age.
	Result<Fd> lock() const;

	Result<NfRecord> read_nf() const;
	Result<void> write_nf(const NfRecord& record) const;
	Result<Generation> read_generation(int number) const;
	// Error (kind system): none was committed yet.
	Result<Generation> read_running() const;
	Result<void> write_generation(const Generation& generation) const; // one that is committed
	Result<Generation> read_draft(int number) const;
	// Drafts and the journal speak of what is in bpffs, which is empty after a power
	// cut: they are not synced. The commit syncs the draft.
	Result<void> write_draft(const Generation& generation) const;
	// The draft's record and pins become the generation's own. Can be repeated.
	Result<void> commit_draft(int number) const;
	Result<void> remove_draft(int number) const;
	std::vector<int> generations() const; // numbers on disk, ascending
	Result<std::optional<Journal>> read_journal() const;
	Result<void> write_journal(const Journal& journal) const;
	Result<void> clear_journal() const;
	// With all drafts, of which it could not say which is its own.
	Result<void> remove_unreadable_journal() const;
	Result<void> append_history(const nlohmann::json& entry) const;
	Result<std::vector<nlohmann::json>> read_history() const;
	Result<void> remove_generation(int number) const; // its record and its pins

	// A link to an object of the cache, which may forget it. Returns the link's
	// path: as long as a generation's record names it, the generation can be loaded.
	Result<std::filesystem::path> keep_object(const std::filesystem::path& object) const;
	// Removes the links that none of these generations names.
	void drop_objects(const std::map<int, Generation>& but) const;
	Result<void> remove_records() const;
	// Records that a dead process had begun to write. Call it with the lock held.
	Result<void> remove_temporaries() const;

private:
	std::string nf_;
	std::filesystem::path pins_;
	std::filesystem::path records_;
};

// Names of the NFs that have records, sorted.
std::vector<std::string> list_nfs(const Folders& folders);

std::string now_utc();

} // namespace nfup::upgrade
