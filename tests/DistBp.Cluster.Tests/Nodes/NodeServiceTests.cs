using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Tests.Storage;
using DistBp.Cluster.Tests.Wire.Grpc;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Health;
using DistBp.Learning;
using DistBp.Protocol.Membership;
using System.Diagnostics;
using ServingStatus = DistBp.Cluster.Wire.Health.HealthCheckResponse.Types.ServingStatus;

namespace DistBp.Cluster.Tests.Nodes;

public sealed class NodeServiceTests
{
    [Fact]
    public async Task A_probe_needs_no_secret_and_learns_when_a_node_is_ready()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        TestNode a = await cluster.StartMemberAsync("a1");
        await a.LineAsync("joined");
        Assert.Equal((ServingStatus.Serving, ServingStatus.Serving), (await HealthAsync(a, ""), await HealthAsync(a, "ready")));
        await cluster.Coordinator.DisposeAsync();
        await a.LineAsync("is lost");
        Assert.Equal((ServingStatus.Serving, ServingStatus.NotServing), (await HealthAsync(a, ""), await HealthAsync(a, "ready")));
    }

    [Fact]
    public async Task Every_other_method_wants_the_secret_on_every_node()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        TestNode a = await cluster.StartMemberAsync("a1");
        foreach (TestNode node in (TestNode[])[cluster.Coordinator, a])
        {
            using var channel = new GrpcChannel(node.Node.Endpoint.Uri, GrpcLimits.Default);
            await RefusedAsync(() => channel.UnaryAsync(ControlMethods.GetStatus, new()));
            await RefusedAsync(() => channel.UnaryAsync(ControlMethods.Submit, new()));
            await RefusedAsync(() => channel.UnaryAsync(ControlMethods.Cancel, new()));
            await RefusedAsync(() => FirstAsync(channel.Call(ControlMethods.Watch)));
            await RefusedAsync(() => FirstAsync(channel.Call(ControlMethods.Fetch)));
            await RefusedAsync(() => FirstAsync(channel.Call(ControlMethods.Join)));
        }

        static Task RefusedAsync(Func<Task> call) => ShouldBe(StatusCode.Unauthenticated, call);
    }

    [Fact]
    public async Task A_port_in_use_is_told_with_the_address()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using var folder = new TemporaryFolder();
        var taken = await Assert.ThrowsAsync<UserException>(() => ClusterNode.StartAsync(
            cluster.Configuration with
            {
                Node = cluster.Configuration.Node with { Listen = cluster.Coordinator.Node.Endpoint, Roles = NodeRoles.Coordinator },
                Storage = cluster.Configuration.Storage with { State = folder["state"] },
            },
            _ => { }));
        Assert.Equal((ErrorKind.Usage, cluster.Coordinator.Node.Endpoint.ToString()), (taken.Kind, taken.Problems.Single().Where));
    }

    [Fact]
    public void All_that_keeps_a_node_from_starting_is_told_at_once()
    {
        ClusterConfiguration c = ClusterConfiguration.Default;
        c = c with
        {
            Node = c.Node with { Listen = new NodeAddress("0.0.0.0", 5600) },
            Tls = new TlsConfiguration("c.pem", "", ""),
            Wire = c.Wire with { MaxMessageBytes = 10 },
            FailureDetector = new FailureDetectorConfiguration(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)),
        };
        var wrong = Assert.Throws<UserException>(() => NodeChecks.Require(c));
        Assert.Equal(
            ["distbp.cluster.secret", "distbp.node.advertise", "distbp.tls", "distbp.wire.max-message", "distbp.failure-detector.acceptable-pause"],
            wrong.Problems.Select(p => p.Where));
    }

    [Theory]
    [InlineData("10.0.0.1", "", true)]
    [InlineData("10.0.0.1", "s", false)]
    [InlineData("::1", "", false)]
    [InlineData("127.0.0.2", "", false)]
    [InlineData("localhost", "", false)]
    public void Off_loopback_a_node_wants_a_secret(string host, string secret, bool refused)
    {
        ClusterConfiguration c = ClusterConfiguration.Default;
        c = c with { Cluster = c.Cluster with { Secret = new ClusterSecret(secret) }, Node = c.Node with { Listen = new NodeAddress(host, 5601) } };
        Exception? thrown = Record.Exception(() => NodeChecks.Require(c));
        Assert.Equal(refused, thrown is UserException);
    }

    [ForeignPeerFact]
    public async Task A_foreign_client_reads_the_status_with_the_secret_and_not_without()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        const string script = """
            import sys, grpc
            channel = grpc.insecure_channel(sys.argv[1])
            get = channel.unary_unary('/distbp.v1.Status/Get', request_serializer=bytes, response_deserializer=bytes)
            try:
                get(b'', timeout=20)
            except grpc.RpcError as e:
                print(e.code().name)
            answer = get(b'', timeout=20, metadata=[('distbp-version', sys.argv[2]), ('distbp-secret-bin', sys.stdin.readline().encode())])
            print(answer[2:2 + answer[1]].decode())
            """;
        var start = new ProcessStartInfo(ForeignPeerFactAttribute.Python, ["-c", script, cluster.Coordinator.Node.Endpoint.ToString(), ProductVersion.Current])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using Process client = Process.Start(start)!;
        await client.StandardInput.WriteAsync(TestCluster.Secret);
        client.StandardInput.Close();
        Assert.Equal("UNAUTHENTICATED\ntest\n", await client.StandardOutput.ReadToEndAsync().WaitAsync(TestCluster.Patience));
    }

    private static async Task<ServingStatus> HealthAsync(TestNode node, string service)
    {
        using var channel = new GrpcChannel(node.Node.Endpoint.Uri, GrpcLimits.Default);
        return (await channel.UnaryAsync(HealthService.Check, new HealthCheckRequest { Service = service }, timeout: TestCluster.Patience)).Status;
    }

    private static async Task FirstAsync<TRequest, TResponse>(ClientCall<TRequest, TResponse> call)
        where TRequest : class, Google.Protobuf.IMessage<TRequest>, new()
        where TResponse : class, Google.Protobuf.IMessage<TResponse>
    {
        using (call)
        {
            await call.WriteAsync(new TRequest());
            await call.ReadAsync();
        }
    }

    private static async Task ShouldBe(StatusCode status, Func<Task> call) =>
        Assert.Equal(status, (await Assert.ThrowsAsync<RpcException>(call)).Status);
}
