package dev.strata.registry;

import dev.strata.image.Reference;
import java.net.URI;

/**
 * The API of one registry or mirror.
 *
 * @param host as credentials are kept for it: {@code docker.io}, {@code registry.example:5000}
 * @param root the address that {@code /v2/} stands below; its path ends with a slash
 * @param prefix put before each repository's path; empty or ends with a slash
 * @param hasFallback whether another endpoint is asked when this one fails, so that it is not worth a second attempt
 */
record Endpoint(String host, URI root, String prefix, boolean hasFallback) {
    String repository(Reference name) {
        return prefix + name.path();
    }

    /** The address of {@code <repository>/<rest>} in the API. */
    URI uri(String repository, String rest) {
        return root.resolve("v2/" + repository + "/" + rest);
    }

    /** Scheme, host and port, which limits and remembered blobs are kept for. */
    String origin() {
        return origin(root);
    }

    static String origin(URI uri) {
        int port = uri.getPort() >= 0 ? uri.getPort() : "https".equals(uri.getScheme()) ? 443 : 80;
        return uri.getScheme() + "://" + uri.getHost() + ":" + port;
    }
}
