package dev.strata.registry;

import java.net.URI;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One request as its caller means it.
 *
 * @param aim what it is for, to be put behind "cannot"
 * @param retried whether it is sent again when the answer is "not now" or none
 * @param patience times the usual wait for an answer, for what a registry needs time for
 */
record Call(
        String method,
        Endpoint endpoint,
        URI uri,
        Scope scope,
        String aim,
        SortedMap<String, String> headers,
        @Nullable Body body,
        boolean retried,
        int patience) {

    Call(String method, Endpoint endpoint, URI uri, Scope scope, String aim) {
        this(method, endpoint, uri, scope, aim, Collections.emptySortedMap(), null, true, 1);
    }

    Call with(String header, String value) {
        SortedMap<String, String> more = new TreeMap<>(headers);
        more.put(header, value);
        return new Call(method, endpoint, uri, scope, aim, more, body, retried, patience);
    }

    Call sending(Body newBody, String mediaType) {
        Call typed = with("Content-Type", mediaType);
        return new Call(method, endpoint, uri, scope, aim, typed.headers, newBody, retried, patience);
    }

    /** For calls whose caller knows better how to go on. */
    Call once() {
        return new Call(method, endpoint, uri, scope, aim, headers, body, false, patience);
    }

    Call patient(int times) {
        return new Call(method, endpoint, uri, scope, aim, headers, body, retried, times);
    }
}
