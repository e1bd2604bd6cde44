using System.Net;
using System.Net.Sockets;
using System.Text;
using DistBp.Cluster.Rendezvous.Etcd;
using DistBp.Cluster.Rendezvous.Etcd.Api;
using DistBp.Cluster.Tests.Wire.Grpc;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;
using Google.Protobuf;

namespace DistBp.Cluster.Tests.Rendezvous.Etcd;

[Collection(EtcdCollection.Name)]
public sealed class EtcdClientTests(SharedEtcd shared)
{
    private static readonly EtcdLimits s_hasty =
        EtcdLimits.Default with { AttemptTimeout = TimeSpan.FromSeconds(0.5), CallTimeout = TimeSpan.FromSeconds(1.5) };

    [Fact]
    public async Task Endpoints_that_do_not_answer_are_named_with_the_reason_and_what_to_do()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        string[] endpoints = [$"http://{Closed()}", $"http://{silent.LocalEndpoint}"];
        using var site = new ElectionSite(endpoints, "/p", acceptablePause: TimeSpan.FromMilliseconds(1), limits: s_hasty);
        UserException e = await Assert.ThrowsAsync<UserException>(() => site.CampaignAsync("a"));
        Assert.Equal(ErrorKind.Cluster, e.Kind);
        Assert.Contains($"etcd does not answer at {endpoints[0]} (", e.Message, StringComparison.Ordinal);
        Assert.Contains("Connection refused", e.Message, StringComparison.Ordinal);
        Assert.Contains($", {endpoints[1]} (/etcdserverpb.Lease/LeaseGrant did not end within ", e.Message, StringComparison.Ordinal);
        Assert.EndsWith(
            "(distbp.rendezvous.etcd.endpoints): is etcd running, with a majority of its members, and does it listen there? check the endpoints and the network",
            e.Message, StringComparison.Ordinal);
        UserException search = await Assert.ThrowsAsync<UserException>(() => site.Directory.FindAsync(CancellationToken.None));
        Assert.Contains(endpoints[0], search.Message, StringComparison.Ordinal);
    }

    [EtcdFact]
    public async Task An_endpoint_that_is_gone_or_silent_is_left_for_the_next_one()
    {
        EtcdProcesses etcd = await shared.StartedAsync();
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        string[] endpoints = [$"http://{Closed()}", $"http://{silent.LocalEndpoint}", etcd.Endpoints[0]];
        using var client = new EtcdClient(endpoints, EtcdLimits.Default, TimeProvider.System);
        long begin = TimeProvider.System.GetTimestamp();
        Assert.True(await client.PutAsync(shared.NewPrefix(), "x") > 0);
        // A timer may come a tick of the system's clock early.
        Assert.InRange(TimeProvider.System.GetElapsedTime(begin), EtcdLimits.Default.AttemptTimeout - TimeSpan.FromMilliseconds(16), EtcdLimits.Default.CallTimeout);
        // And from then on it is asked first.
        begin = TimeProvider.System.GetTimestamp();
        Assert.True(await client.PutAsync(shared.NewPrefix(), "x") > 0);
        Assert.InRange(TimeProvider.System.GetElapsedTime(begin), TimeSpan.Zero, EtcdLimits.Default.AttemptTimeout);
    }

    [Fact]
    public async Task A_node_of_distbp_is_no_etcd()
    {
        await using GrpcServer server = await new EchoService().StartAsync();
        using var site = new ElectionSite([$"http://{server.Address}"], "/p");
        UserException e = await Assert.ThrowsAsync<UserException>(() => site.CampaignAsync("a"));
        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Contains("what answers is no etcd of version 3: ", e.Message, StringComparison.Ordinal);
        Assert.Contains($"(http://{server.Address}) (distbp.rendezvous.etcd.endpoints): give the URLs of etcd's client port", e.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<UserException>(() => site.Directory.FindAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_web_server_is_no_etcd()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task serving = AnswerAsync(listener, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        using (var site = new ElectionSite([$"http://{listener.LocalEndpoint}"], "/p", acceptablePause: TimeSpan.FromMilliseconds(1), limits: s_hasty))
        {
            UserException e = await Assert.ThrowsAsync<UserException>(() => site.CampaignAsync("a"));
            Assert.Contains($"{listener.LocalEndpoint}", e.Message, StringComparison.Ordinal);
            Assert.Contains("check the endpoints", e.Message, StringComparison.Ordinal);
        }
        listener.Stop();
        await Assert.ThrowsAnyAsync<SocketException>(() => serving);
    }

    [EtcdFact]
    public async Task A_watch_from_a_forgotten_revision_ends()
    {
        using var client = new EtcdClient((await shared.StartedAsync()).Endpoints, EtcdLimits.Default, TimeProvider.System);
        string key = shared.NewPrefix();
        long first = await client.PutAsync(key, "1");
        await client.PutAsync(key, "2");
        long last = await client.PutAsync(key, "3");
        var request = new WatchCreateRequest { Key = ByteString.CopyFromUtf8(key), StartRevision = first };
        using (EtcdWatch watch = await client.WatchAsync(request, CancellationToken.None))
        {
            int events = 0;
            while (events < 3) events += (await watch.NextAsync().WaitAsync(ElectionSite.Patience)).Count;
            Assert.Equal(3, events);
        }
        await client.CompactAsync(last);
        using EtcdWatch late = await client.WatchAsync(request, CancellationToken.None);
        Assert.Empty(await late.NextAsync().WaitAsync(ElectionSite.Patience));
    }

    [EtcdFact]
    public async Task A_watch_ends_with_its_time_and_with_the_wish_for_it()
    {
        EtcdLimits limits = EtcdLimits.Default with { WatchTimeout = TimeSpan.FromSeconds(0.5) };
        using var client = new EtcdClient((await shared.StartedAsync()).Endpoints, limits, TimeProvider.System);
        var request = new WatchCreateRequest { Key = ByteString.CopyFromUtf8(shared.NewPrefix()) };
        using (EtcdWatch watch = await client.WatchAsync(request, CancellationToken.None))
            Assert.Empty(await watch.NextAsync().WaitAsync(ElectionSite.Patience));
        using var wish = new CancellationTokenSource();
        using EtcdWatch another = await client.WatchAsync(request, wish.Token);
        Task next = another.NextAsync();
        await wish.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(ElectionSite.Patience));
    }

    private static EndPoint Closed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener.LocalEndpoint;
    }

    private static async Task AnswerAsync(TcpListener listener, string answer)
    {
        while (true)
        {
            using TcpClient client = await listener.AcceptTcpClientAsync();
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer));
        }
    }
}
