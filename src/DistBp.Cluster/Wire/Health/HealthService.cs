using System.Collections.Immutable;
using DistBp.Cluster.Wire.Grpc;
using Google.Protobuf.Reflection;
using ServingStatus = DistBp.Cluster.Wire.Health.HealthCheckResponse.Types.ServingStatus;

namespace DistBp.Cluster.Wire.Health;

/// <summary>grpc.health.v1: what a probe of Kubernetes, or any gRPC client, asks a node. The service "" is the whole node.</summary>
internal sealed class HealthService
{
    public static readonly Method<HealthCheckRequest, HealthCheckResponse> Check = new(Descriptor, "Check");
    public static readonly Method<HealthCheckRequest, HealthCheckResponse> Watch = new(Descriptor, "Watch");

    private readonly Lock _lock = new();
    private ImmutableDictionary<string, ServingStatus> _statuses = ImmutableDictionary<string, ServingStatus>.Empty;
    private TaskCompletionSource _changed = NewSignal();

    private static ServiceDescriptor Descriptor => HealthReflection.Descriptor.Services.Single();

    /// <summary>From now on the service is known, and serving or not.</summary>
    public void Set(string service, bool serving)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _statuses = _statuses.SetItem(service, serving ? ServingStatus.Serving : ServingStatus.NotServing);
            (changed, _changed) = (_changed, NewSignal());
        }
        changed.SetResult();
    }

    public void AddTo(GrpcServices services)
    {
        services.Unary(Check, CheckAsync);
        services.ServerStreaming(Watch, WatchAsync);
    }

    private Task<HealthCheckResponse> CheckAsync(HealthCheckRequest request, ServerCall call)
    {
        (ServingStatus? status, _) = Now(request.Service);
        return status is { } known
            ? Task.FromResult(new HealthCheckResponse { Status = known })
            : throw new RpcException(StatusCode.NotFound, $"there is no service '{request.Service}' here");
    }

    private async Task WatchAsync(HealthCheckRequest request, MessageWriter<HealthCheckResponse> responses, ServerCall call)
    {
        ServingStatus? told = null;
        while (true)
        {
            (ServingStatus? known, Task changed) = Now(request.Service);
            ServingStatus status = known ?? ServingStatus.ServiceUnknown;
            if (status != told) await responses.WriteAsync(new HealthCheckResponse { Status = status }, call.Cancellation).ConfigureAwait(false);
            told = status;
            await changed.WaitAsync(call.Cancellation).ConfigureAwait(false);
        }
    }

    private (ServingStatus? Status, Task Changed) Now(string service)
    {
        lock (_lock) return (_statuses.TryGetValue(service, out ServingStatus status) ? status : null, _changed.Task);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
