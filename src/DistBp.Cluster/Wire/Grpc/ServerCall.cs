using Microsoft.AspNetCore.Http;

namespace DistBp.Cluster.Wire.Grpc;

/// <summary>What a method of a server sees of a call beside its messages.</summary>
internal sealed class ServerCall(HttpContext context, Metadata metadata, TimeSpan? timeout, CancellationToken cancellation)
{
    /// <summary>What the client sent with the call.</summary>
    public Metadata Metadata => metadata;

    /// <summary>What the client gave the call when it began; null: no limit.</summary>
    public TimeSpan? Timeout => timeout;

    /// <summary>The client has gone or given up, the deadline has passed, or the server is stopping.</summary>
    public CancellationToken Cancellation => cancellation;

    /// <summary>Sent after the last message, with the status.</summary>
    public Metadata Trailers { get; private init; } = [];

    /// <summary>"address:port" of the client's end, for messages.</summary>
    public string Peer => $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}";

    /// <summary>The same call, which is over for its method when that is cancelled, which covers this one's <see cref="Cancellation"/>.</summary>
    public ServerCall Until(CancellationToken end) => new(context, metadata, timeout, end) { Trailers = Trailers };

    /// <summary>Sends metadata at once, before the first message; only once, and not after a message.</summary>
    public async Task SendHeadersAsync(Metadata headers)
    {
        foreach ((string name, string value) in headers) context.Response.Headers.Append(name, value);
        await context.Response.StartAsync(cancellation).ConfigureAwait(false);
        // Kestrel sends the headers with the first flush.
        await context.Response.BodyWriter.FlushAsync(cancellation).ConfigureAwait(false);
    }
}
