package dev.strata.builder;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What may stay in a cache. The newest goes first: it stays with all that it needs while there is room. So nothing is
 * removed that something newer needs.
 *
 * @param olderThan what was not used for longer than this goes, unless something that stays needs it; null is no limit
 * @param keepBytes what no longer fits in so many bytes goes; null is no limit
 */
public record Retention(
        @Nullable Duration olderThan, @Nullable Long keepBytes) {
    public static final Retention ALL = new Retention(null, null);

    /**
     * One thing in a cache.
     *
     * @param kind {@code step}, {@code build}, {@code blob}, {@code snapshot} and the like
     * @param name unique in its cache
     * @param what it is, for people
     * @param needs names of the things without which it is of no use; some may not be there
     * @param contents what takes its room, by name, in bytes; things may share contents
     * @param used when it was made or last used
     */
    public record Item(
            String kind, String name, String what, List<String> needs, Map<String, Long> contents, Instant used) {
        public Item {
            needs = List.copyOf(needs);
            contents = Map.copyOf(contents);
        }

        public long bytes() {
            return contents.values().stream().mapToLong(Long::longValue).sum();
        }
    }

    /** What stays and what goes, the newest first. */
    public record Cleaning(List<Item> stays, List<Item> goes) {
        public Cleaning {
            stays = List.copyOf(stays);
            goes = List.copyOf(goes);
        }

        /** Bytes that are freed: contents of what goes that nothing needs which stays. */
        public long freed() {
            Map<String, Long> contents = contents(goes);
            stays.forEach(item -> contents.keySet().removeAll(item.contents().keySet()));
            return contents.values().stream().mapToLong(Long::longValue).sum();
        }
    }

    private static Map<String, Long> contents(List<Item> items) {
        Map<String, Long> all = new HashMap<>();
        items.forEach(item -> all.putAll(item.contents()));
        return all;
    }

    Cleaning of(List<Item> items, Instant now) {
        List<Item> newestFirst = new ArrayList<>(items);
        newestFirst.sort(Comparator.comparing(Item::used).reversed().thenComparing(Item::name));
        Map<String, Item> byName = new LinkedHashMap<>();
        newestFirst.forEach(item -> byName.put(item.name(), item));
        Set<String> kept = new HashSet<>();
        Map<String, Long> contents = new HashMap<>();
        for (Item item : newestFirst) {
            if (olderThan != null && item.used().plus(olderThan).isBefore(now)) {
                break; // all that follow are as old
            }
            List<Item> whole = new ArrayList<>();
            addWithNeeds(item, byName, kept, whole, new HashSet<>());
            Map<String, Long> more = contents(whole);
            more.putAll(contents);
            if (keepBytes == null
                    || more.values().stream().mapToLong(Long::longValue).sum() <= keepBytes) {
                whole.forEach(part -> kept.add(part.name()));
                contents = more;
            }
        }
        return new Cleaning(
                newestFirst.stream().filter(item -> kept.contains(item.name())).toList(),
                newestFirst.stream().filter(item -> !kept.contains(item.name())).toList());
    }

    private static void addWithNeeds(
            Item item, Map<String, Item> byName, Set<String> kept, List<Item> whole, Set<String> seen) {
        if (kept.contains(item.name()) || !seen.add(item.name())) {
            return;
        }
        whole.add(item);
        for (String name : item.needs()) {
            Item needed = byName.get(name);
            if (needed != null) {
                addWithNeeds(needed, byName, kept, whole, seen);
            }
        }
    }
}
