using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace DistBp.Cluster.Wire.Grpc;

/// <summary>One call on the server, from the request's headers to the status in the trailers.</summary>
internal static class ServerCallRun
{
    private const string ContentType = "application/grpc";

    public static async Task RunAsync(HttpContext context, Func<ServerCall, Task> handler, Action<Exception> report)
    {
        HttpRequest request = context.Request;
        HttpResponse response = context.Response;
        if (!IsGrpc(request.ContentType))
        {
            response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }
        response.ContentType = ContentType;
        (RpcException? refused, TimeSpan? timeout) = Check(request);
        using var deadline = new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, deadline.Token);
        var call = new ServerCall(context, MetadataOf(request.Headers), timeout, either.Token);
        if (timeout is { } limit) deadline.CancelAfter(Clamp(limit));
        if (refused is not null)
        {
            Finish(response, refused.Status, refused.Detail, call.Trailers);
            return;
        }
        await RunAsync(context, handler, report, call, deadline.Token).ConfigureAwait(false);
    }

    /// <summary>Ends the call before any message, as an unknown method is answered.</summary>
    public static Task Refuse(HttpContext context, StatusCode status, string detail)
    {
        context.Response.ContentType = ContentType;
        Finish(context.Response, status, detail, Metadata.Empty);
        return Task.CompletedTask;
    }

    private static async Task RunAsync(
        HttpContext context, Func<ServerCall, Task> handler, Action<Exception> report, ServerCall call, CancellationToken deadline)
    {
        (StatusCode status, string detail) = (StatusCode.Ok, "");
        try
        {
            await handler(call).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            (status, detail) = (e.Status, e.Detail);
        }
        catch (OperationCanceledException) when (call.Cancellation.IsCancellationRequested)
        {
            (status, detail) = (StatusCode.Cancelled, "the call was cancelled");
        }
        catch (Exception e)
        {
            // The edge of the host: a bug in one method ends this call and is reported, but not the server.
            report(e);
            (status, detail) = (StatusCode.Unknown, "the method failed; the server's log tells why");
        }
        if (deadline.IsCancellationRequested && status is (StatusCode.Cancelled or StatusCode.Ok))
            (status, detail) = (StatusCode.DeadlineExceeded, $"the deadline of {call.Timeout} has passed");
        if (!context.RequestAborted.IsCancellationRequested) Finish(context.Response, status, detail, call.Trailers);
    }

    private static bool IsGrpc(string? contentType)
        => contentType is not null && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
            && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is ';' or '+');

    private static (RpcException? Refused, TimeSpan? Timeout) Check(HttpRequest request)
    {
        if (request.Headers.TryGetValue("grpc-encoding", out StringValues encoding) && encoding != "identity")
            return (new RpcException(StatusCode.Unimplemented, $"the compression '{encoding}' is not known; use identity"), null);
        if (!request.Headers.TryGetValue(GrpcTimeout.Header, out StringValues header)) return (null, null);
        return GrpcTimeout.TryParse(header.ToString(), out TimeSpan timeout)
            ? (null, timeout)
            : (new RpcException(StatusCode.Internal, $"grpc-timeout is '{header}': at most eight digits and one of H M S m u n"), null);
    }

    private static Metadata MetadataOf(IHeaderDictionary headers)
    {
        var metadata = new Metadata();
        foreach ((string name, StringValues values) in headers)
        {
            foreach (string? value in values) metadata.AddReceived(name, value ?? "");
        }
        return metadata;
    }

    /// <summary>With no message sent the status goes into the headers, which then end the stream (gRPC's Trailers-Only).</summary>
    private static void Finish(HttpResponse response, StatusCode status, string detail, Metadata trailers)
    {
        IHeaderDictionary? headers = response.HasStarted ? null : response.Headers;
        if (headers is not null && status == StatusCode.Unimplemented) headers["grpc-accept-encoding"] = "identity";
        Append("grpc-status", ((int)status).ToString(CultureInfo.InvariantCulture));
        if (detail.Length > 0) Append("grpc-message", PercentEncoding.Encode(detail));
        foreach ((string name, string value) in trailers) Append(name, value);

        void Append(string name, string value)
        {
            if (headers is not null) headers.Append(name, value);
            else response.AppendTrailer(name, value);
        }
    }

    // A timer takes no more than about 49 days.
    private static TimeSpan Clamp(TimeSpan timeout) => timeout < TimeSpan.FromDays(40) ? timeout : TimeSpan.FromDays(40);
}
