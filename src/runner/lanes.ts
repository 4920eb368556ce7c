/** The lanes of a plan: each upload with all that the steps before it make of an object. */
import type { Need } from '../catalog/volumes.ts';
import type { Graph, GraphNode } from '../plan/graph.ts';
import { targetsOf } from '../plan/explain.ts';
import type { Lane, Shape, StepSetup } from '../steps/step.ts';
import type { Session } from './session.ts';

const plainShape: Shape = { codec: 'none', level: 0, recipients: null, newSealer: null, spool: null };

/** Prepares every step of the plan, and sets the lanes of the session. */
export async function prepareLanes(session: Session): Promise<void> {
  const { graph } = session.plan;
  for (const node of graph.nodes) await node.type.prepare?.(node.options, session.setupOf(node.id));
  session.lanes = buildLanes(graph, (id) => session.setupOf(id));
}

/** The lane that stores to a target, with only the steps on its way prepared; null if no upload stores there. */
export async function prepareLaneTo(session: Session, target: string): Promise<Lane | null> {
  const { graph } = session.plan;
  const upload = uploadsOf(graph).find((node) => targetsOf(node).includes(target));
  if (!upload) return null;
  for (const node of wayTo(graph, upload)) await node.type.prepare?.(node.options, session.setupOf(node.id));
  return buildLane(graph, upload, (id) => session.setupOf(id));
}

function buildLanes(graph: Graph, setupOf: (id: string) => StepSetup): Lane[] {
  return uploadsOf(graph).map((upload) => buildLane(graph, upload, setupOf));
}

function buildLane(graph: Graph, upload: GraphNode, setupOf: (id: string) => StepSetup): Lane {
  const shapes = wayTo(graph, upload).map((node) => node.type.shape?.(node.options, setupOf(node.id)) ?? {});
  const shape: Shape = Object.assign({}, plainShape, ...shapes);
  return {
    codec: shape.codec,
    level: shape.level,
    recipients: shape.recipients,
    newSealer: shape.newSealer,
    spool: shape.spool,
    upload: upload.id,
    maker: makerOf(graph),
    targets: targetsOf(upload),
  };
}

/** The kind of the one step that turns entries into objects. */
export function makerOf(graph: Graph): string {
  return graph.nodes.find((node) => isMaker(node))!.kind;
}

export function isMaker(node: GraphNode): boolean {
  return node.type.takes.includes('entries') && node.type.gives === 'objects';
}

/** The lanes whose objects pass a step. */
export function lanesThrough(graph: Graph, node: GraphNode, lanes: readonly Lane[]): Lane[] {
  return lanes.filter((lane) => {
    const upload = graph.nodes.find((other) => other.id === lane.upload)!;
    return upload === node || wayTo(graph, upload).includes(node);
  });
}

function uploadsOf(graph: Graph): GraphNode[] {
  return graph.nodes.filter((node) => node.type.gives === 'receipts');
}

/** The steps before an upload, the first one first. */
function wayTo(graph: Graph, upload: GraphNode): GraphNode[] {
  const way: GraphNode[] = [];
  let from = upload.from[0];
  while (from !== undefined) {
    const node = graph.nodes.find((other) => other.id === from)!;
    way.unshift(node);
    from = node.from[0];
  }
  return way;
}

/** Every target of the lanes, in reach or not, and who is to be able to read what lies there. */
export function lanesHolders({ lanes }: Pick<Session, 'lanes'>): Need[] {
  return lanes.flatMap((lane) => lane.targets.map((target) => ({ target, recipients: lane.recipients })));
}
