import { isAbstractType, isObjectType, type GraphQLSchema } from 'graphql';

/** Whether an object of one type, by name, is of one of the types of a condition. */
export type TypeConditions = (typeName: string, conditions: readonly string[]) => boolean;

export function typeConditions(schema: GraphQLSchema): TypeConditions {
  return (typeName, conditions) => {
    if (conditions.includes(typeName)) return true;
    const type = schema.getType(typeName);
    if (!isObjectType(type)) return false;
    return conditions.some((condition) => {
      const abstract = schema.getType(condition);
      return isAbstractType(abstract) && schema.isSubType(abstract, type);
    });
  };
}
