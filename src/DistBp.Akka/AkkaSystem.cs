using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Configuration.Hocon;
using DistBp.Learning;

namespace DistBp.Akka;

/// <summary>This node's actor system, as the akka block of its cluster.hocon says.</summary>
internal static class AkkaSystem
{
    public const string CoordinatorRole = "coordinator", HandOverPhase = CoordinatedShutdown.PhaseBeforeServiceUnbind;

    /// <summary>What the block may not change, and what it need not say.</summary>
    private static readonly Config Fixed = Own("fixed.conf"), Defaults = Own("defaults.conf");

    /// <param name="file">Null: there is none, which is an error, for somebody must say where seed nodes are.</param>
    /// <exception cref="UserException">The block is wrong, or its address is not to be had.</exception>
    public static ActorSystem Start(ClusterConfiguration c, string? file, Action<string> tell)
    {
        string where = $"{file ?? "cluster.hocon"}: akka";
        try
        {
            Config own = Read(file);
            if (!own.HasPath("akka.remote.dot-netty.tcp.hostname")) own = own.WithFallback(Host(c));
            Config config = Settled(own.WithFallback(Defaults), NodeRolesText.Of(c.Node.Roles));
            if (config.GetStringList("akka.cluster.seed-nodes", []).Count == 0)
            {
                throw new UserException(
                    ErrorKind.Usage, "there are no seed nodes", $"{where}.cluster.seed-nodes",
                    $"name one or more nodes: \"akka.tcp://{c.Cluster.Name}@HOST:PORT\", with the HOST and PORT of their akka.remote.dot-netty.tcp");
            }
            ActorSystem system = ActorSystem.Create(c.Cluster.Name, config);
            IActorRef log = system.ActorOf(Props.Create(() => new LogLines(tell)));
            foreach (Type kind in (Type[])[typeof(Error), typeof(Warning)]) system.EventStream.Subscribe(log, kind);
            return system;
        }
        catch (Exception e) when (e is AkkaException or FormatException or AggregateException or ArgumentException or TypeLoadException)
        {
            throw new UserException(ErrorKind.Usage, $"Akka.NET does not start: {e.GetBaseException().Message}", where, "mend the akka block", e);
        }
    }

    /// <summary>With what must be so.</summary>
    /// <param name="roles">With commas.</param>
    public static Config Settled(Config config, string roles) =>
        ConfigurationFactory.ParseString($"akka.cluster.roles = [{roles}]").WithFallback(Fixed).WithFallback(config);

    private static Config Own(string name) => ConfigurationFactory.FromResource($"DistBp.Akka.{name}", typeof(AkkaSystem).Assembly);

    private static Config Read(string? file) => file is not null && HoconReader.ReadFile(file, Environment.GetEnvironmentVariable)["akka"] is { } block
        ? ConfigurationFactory.ParseString($"akka : {HoconWriter.Write(block)}") : Config.Empty;

    /// <summary>Where the node itself listens, and is called.</summary>
    private static Config Host(ClusterConfiguration c) => ConfigurationFactory.ParseString(
        $"akka.remote.dot-netty.tcp {{ hostname = \"{c.Node.Listen.Host}\", public-hostname = \"{(c.Node.Advertise ?? c.Node.Listen).Host}\" }}");

    /// <summary>What Akka.NET has to say goes where the node says things; but what becomes of single connections is told by who is lost.</summary>
    private sealed class LogLines : ReceiveActor
    {
        public LogLines(Action<string> tell) => Receive<LogEvent>(
            e => tell($"Akka.NET: {$"{e.Message}".Split('\n')[0]}"), e => e.LogClass.Namespace?.StartsWith("Akka.Remote", StringComparison.Ordinal) != true);
    }
}
