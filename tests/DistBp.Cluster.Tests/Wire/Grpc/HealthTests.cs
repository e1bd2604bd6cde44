using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Health;
using ServingStatus = DistBp.Cluster.Wire.Health.HealthCheckResponse.Types.ServingStatus;

namespace DistBp.Cluster.Tests.Wire.Grpc;

public sealed class HealthTests : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private readonly HealthService _health = new();
    private GrpcServer _server = null!;
    private GrpcChannel _channel = null!;

    public async Task InitializeAsync()
    {
        _server = await GrpcServer.StartAsync(
            new(System.Net.IPAddress.Loopback, 0), GrpcLimits.Default, _health.AddTo, e => Assert.Fail(e.ToString()));
        _channel = new GrpcChannel(new Uri($"http://{_server.Address}"), GrpcLimits.Default);
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_probe_learns_whether_a_service_serves()
    {
        _health.Set("", serving: true);
        _health.Set("distbp.v1.Parameters", serving: false);
        Assert.Equal(ServingStatus.Serving, await CheckAsync(""));
        Assert.Equal(ServingStatus.NotServing, await CheckAsync("distbp.v1.Parameters"));
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => CheckAsync("none"));
        Assert.Equal(StatusCode.NotFound, e.Status);
    }

    [Fact]
    public async Task A_watcher_is_told_of_each_change()
    {
        using ClientCall<HealthCheckRequest, HealthCheckResponse> call = _channel.Call(HealthService.Watch, timeout: s_patience);
        await call.WriteLastAsync(new HealthCheckRequest { Service = "later" });
        Assert.Equal(ServingStatus.ServiceUnknown, (await call.ReadAsync())!.Status);
        _health.Set("another", serving: true);
        _health.Set("later", serving: true);
        Assert.Equal(ServingStatus.Serving, (await call.ReadAsync())!.Status);
        _health.Set("later", serving: false);
        Assert.Equal(ServingStatus.NotServing, (await call.ReadAsync())!.Status);
    }

    private async Task<ServingStatus> CheckAsync(string service)
        => (await _channel.UnaryAsync(HealthService.Check, new HealthCheckRequest { Service = service }, timeout: s_patience)).Status;
}
