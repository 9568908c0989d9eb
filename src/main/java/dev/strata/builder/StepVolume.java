package dev.strata.builder;

import dev.strata.builder.Retention.Cleaning;
import dev.strata.graph.CacheKey;
import dev.strata.graph.CacheRecord;
import dev.strata.graph.Contents;
import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Finished steps and layers on a volume that outlives the builder and that many builders may use at once: asked before the
 * registry is. Laid out as a state folder's records and store. There are no locks: what is written appears whole or not
 * at all, what is read is checked against its digest, and what somebody else removes meanwhile was not there.
 *
 * <p>A cache is a help and no need: trouble with it is told and counts as absence.
 */
final class StepVolume {
    private final Path folder;
    private final RecordFolder records;
    private final Blobs blobs;
    private final Consumer<Exception> trouble;

    private StepVolume(Path folder, Clock clock, Consumer<Exception> trouble) throws IOException {
        this.folder = folder;
        this.records = new RecordFolder(folder.resolve("records"), clock, trouble);
        this.blobs = new Blobs(folder.resolve("store"));
        this.trouble = trouble;
    }

    /** Empty where the folder cannot be used, which is told. */
    static Optional<StepVolume> in(Path folder, Clock clock, Consumer<Exception> trouble) {
        try {
            return Optional.of(new StepVolume(folder, clock, trouble));
        } catch (IOException e) {
            trouble.accept(e);
            return Optional.empty();
        }
    }

    /** The record of a step whose layer is here, too. */
    Optional<CacheRecord> find(CacheKey key) {
        return records.find(key)
                .filter(record -> has(record.made().layer().blob().digest()));
    }

    Optional<CacheRecord> latest(String slot) {
        return records.latest(slot);
    }

    Optional<Contents> contents(CacheKey key) {
        return records.contents(key);
    }

    void putContents(CacheKey key, Contents contents) {
        records.putContents(key, contents);
    }

    /** Keeps a step. Its layer comes first, so that whoever sees the record finds it. */
    void put(CacheRecord record, String slot, Blobs from) {
        if (from.find(record.made().layer().blob().digest()).isPresent()) {
            keep(record.made().layer().blob(), from);
        }
        records.put(record, slot);
    }

    boolean has(Digest digest) {
        return blobs.find(digest).isPresent();
    }

    /** Copies a blob from here; false where it is not here whole. One that is damaged is removed. */
    boolean fetch(Descriptor blob, Blobs into) {
        try {
            if (!has(blob.digest())) {
                return false;
            }
            copy(blob.digest(), blobs, into);
            use(blob.digest());
            return true;
        } catch (NoSuchFileException e) {
            return false; // removed by a clean-up just now
        } catch (Blobs.WrongContent e) {
            trouble.accept(e);
            remove(blob.digest());
            return false;
        } catch (IOException e) {
            trouble.accept(e);
            return false;
        }
    }

    /** Copies a blob to here. */
    void keep(Descriptor blob, Blobs from) {
        try {
            if (has(blob.digest())) {
                use(blob.digest());
            } else {
                copy(blob.digest(), from, blobs);
            }
        } catch (IOException e) {
            trouble.accept(e);
        }
    }

    /** Always by the bytes and never by a link: whoever can write to the volume must not change what is in use. */
    private static void copy(Digest digest, Blobs from, Blobs into) throws IOException {
        try (Blobs.Ingest ingest = into.begin(digest)) {
            Files.copy(from.path(digest), ingest);
            ingest.commit(digest);
        }
    }

    private void use(Digest digest) throws IOException {
        Files.setLastModifiedTime(blobs.path(digest), FileTime.from(Instant.now()));
    }

    private void remove(Digest digest) {
        try {
            Files.deleteIfExists(blobs.path(digest));
        } catch (IOException e) {
            trouble.accept(e);
        }
    }

    /** Removes what is old or too much, while other builds use the volume. */
    Cleaning cleanUp(Retention retention, Instant now) throws IOException {
        try (StateCleaner cleaner = StateCleaner.besideOthers(folder)) {
            Cleaning cleaning = cleaner.plan(retention, now);
            cleaner.carryOut(cleaning);
            return cleaning;
        }
    }
}
